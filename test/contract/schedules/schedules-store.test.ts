import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { createDueStore } from '../../../functions/schedules/firing/due.store.ts'
import { decideFiring } from '../../../functions/schedules/firing/firing.ts'
import { tick } from '../../../functions/schedules/firing/tick.ts'
import { createRunsStore } from '../../../functions/schedules/runs/runs.store.ts'
import {
  DEFAULT_CATCH_UP,
  MAX_CATCH_UP_CAP,
  type RunTask,
  type Schedule,
} from '../../../functions/schedules/schedule.ts'
import { duePartition, runsPartition, SHARDS, shardOf } from '../../../functions/schedules/schedule-keys.ts'
import { createSchedulesStore } from '../../../functions/schedules/schedules.store.ts'
import { dueAtOf } from '../../../functions/schedules/timing/jitter.ts'
import { at, hint, schedule } from '../../unit/schedules/samples.ts'
import { scratchTable } from '../links/scratch-table.ts'

const table = scratchTable()
const schedules = createSchedulesStore(table.client, table.name)
const runs = createRunsStore(table.client, table.name)
const due = createDueStore(table.client, table.name)

const fresh = (over: Partial<Schedule> = {}): Schedule =>
  schedule({ id: `sch_${ulid()}`, workspaceId: `wsp_${ulid()}`, ...over })
async function created(over: Partial<Schedule> = {}): Promise<Schedule> {
  const one = fresh(over)
  expect(await schedules.create(one)).toBe('created')
  return one
}
const entriesOf = async ({ id }: Schedule, hour = '2026-11-21T10') =>
  (await table.itemsOf(duePartition(hour, shardOf(id)))).filter(({ scheduleId }) => scheduleId === id)
const fire = (one: Schedule, now = at('10:00:01'), over = {}) =>
  schedules.change(one, (before) => {
    const firing = decideFiring(before, hint({ workspaceId: one.workspaceId, scheduleId: one.id, ...over }), now, '')
    return firing.kind === 'fire' ? firing : { refusal: firing.kind }
  })

describe('a schedule', () => {
  it('is stored with its due entry', async () => {
    const one = await created()
    expect(await schedules.get(one)).toEqual(one)
    expect(await entriesOf(one)).toMatchObject([{ nextAt: one.nextAt, revision: 1 }])
  })

  it('is listed newest first, page by page', async () => {
    const first = await created()
    const second = await created({ workspaceId: first.workspaceId })
    const page = await schedules.list(first.workspaceId, undefined, 1, undefined)
    expect(page).toEqual({ schedules: [second], next: second.id })
    expect(await schedules.list(first.workspaceId, undefined, 1, page.next)).toEqual({
      schedules: [first],
      next: undefined,
    })
  })

  it('is listed by its status, each once, however it is paged', async () => {
    const { workspaceId } = await created()
    const paused = [await created({ workspaceId, status: 'paused', nextAt: undefined })]
    await created({ workspaceId })
    paused.unshift(await created({ workspaceId, status: 'paused', nextAt: undefined }))
    const first = await schedules.list(workspaceId, 'paused', 1, undefined)
    const second = await schedules.list(workspaceId, 'paused', 1, first.next)
    expect([...first.schedules, ...second.schedules]).toEqual(paused)
    expect(second.next).toBeUndefined()
    expect(await schedules.list(workspaceId, 'paused', 2, undefined)).toEqual({ schedules: paused, next: undefined })
    expect(await schedules.list(workspaceId, 'ended', 5, undefined)).toEqual({ schedules: [], next: undefined })
  })

  it('with jitter lies where it is due, not at its time', async () => {
    const one = await created({ jitterSeconds: 3_600, nextAt: '2026-11-21T10:59:59.000Z' })
    const [entry] = [...(await entriesOf(one)), ...(await entriesOf(one, '2026-11-21T11'))]
    expect(entry).toMatchObject({ nextAt: one.nextAt, dueAt: dueAtOf(one) })
    expect(await schedules.delete(one, () => undefined)).toMatchObject({ kind: 'done' })
    expect(await entriesOf(one, dueAtOf(one)?.slice(0, 13))).toEqual([])
  })

  it('has its due entry where it is due, and none when it is paused or deleted', async () => {
    const one = await created()
    const move = (nextAt: string | undefined) =>
      schedules.change(one, (before) => ({ schedule: { ...before, nextAt, version: before.version + 1 } }))
    await move('2026-11-21T11:00:00.000Z')
    expect(await entriesOf(one)).toEqual([])
    expect(await entriesOf(one, '2026-11-21T11')).toHaveLength(1)
    await move(undefined)
    expect(await entriesOf(one, '2026-11-21T11')).toEqual([])
    await move('2026-11-21T10:30:00.000Z')
    expect(await schedules.delete(one, () => undefined)).toMatchObject({ kind: 'done' })
    expect(await entriesOf(one)).toEqual([])
    expect(await schedules.get(one)).toBeUndefined()
  })

  it('takes a change at a time: the other decides anew on what it finds', async () => {
    const one = await created()
    const seen: number[] = []
    const rename = (name: string) =>
      schedules.change(one, (before) => {
        seen.push(before.version)
        return { schedule: { ...before, name, version: before.version + 1 } }
      })
    const outcomes = await Promise.all([rename('a'), rename('b'), rename('c')])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'done'])
    expect((await schedules.get(one))?.version).toBe(4)
    expect(seen.length).toBeGreaterThanOrEqual(3)
  })
})

describe('an occurrence', () => {
  it('comes to be once, of twenty hints at the same moment', async () => {
    const one = await created()
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => fire(one)))
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(1)
    expect((await runs.list(one.id, 10, undefined)).runs).toHaveLength(1)
    expect(await entriesOf(one)).toMatchObject([{ nextAt: '2026-11-21T10:10:00.000Z' }])
  })

  it('that exists already is left as it is, and the schedule goes on', async () => {
    const one = await created()
    await fire(one)
    await schedules.change(one, (before) => ({
      schedule: { ...before, nextAt: one.nextAt, revision: 2, version: before.version + 1 },
    }))
    expect(await fire(one, at('10:00:02'), { revision: 2 })).toMatchObject({ kind: 'done', runs: [] })
    expect((await schedules.get(one))?.nextAt).toBe('2026-11-21T10:10:00.000Z')
    expect(await table.itemsOf(runsPartition(one.id))).toMatchObject([{ startedAt: '2026-11-21T10:00:01.000Z' }])
  })

  it('and as many as a catch-up may have fit into a transaction', async () => {
    const catchUp = { ...DEFAULT_CATCH_UP, policy: 'fire-all', cap: MAX_CATCH_UP_CAP } as const
    const one = await created({ catchUp, expression: 'every 10 seconds', anchor: '2026-11-21T10:00:00.000Z' })
    const outcome = await fire(one, at('12:00:00'))
    expect(outcome.kind === 'done' && outcome.runs).toHaveLength(MAX_CATCH_UP_CAP + 1)
  })

  it('keeps its first delivery', async () => {
    const one = await created()
    await fire(one)
    const [run] = (await runs.list(one.id, 1, undefined)).runs
    if (run === undefined) throw new Error('expected a run')
    await runs.delivered(run, at('10:00:02'))
    await runs.delivered(run, at('10:00:09'))
    expect((await runs.list(one.id, 1, undefined)).runs).toMatchObject([{ deliveredAt: '2026-11-21T10:00:02.000Z' }])
  })
})

describe('what is told of its task', () => {
  const ran = async () => {
    const one = await created()
    await fire(one)
    const [run] = (await runs.list(one.id, 1, undefined)).runs
    if (run === undefined) throw new Error('expected a run')
    const { scheduleId, id, workspaceId } = run
    const tell = (status: RunTask['status'], sequence: number, of = workspaceId) =>
      runs.recordTask({ scheduleId, id, workspaceId: of, task: { id: 'tsk_1', status, sequence } })
    const known = async () => (await runs.list(one.id, 1, undefined)).runs[0]?.task?.status
    return { tell, known }
  }

  it('is kept when it is news, in whatever order it comes', async () => {
    const { tell, known } = await ran()
    expect(await tell('failed', 3)).toMatchObject({ kind: 'scheduled', task: { sequence: 3 } })
    expect(await tell('running', 2)).toBeUndefined()
    // Again: whoever told it first may have died before it did what follows.
    expect(await tell('failed', 3)).toBeDefined()
    expect(await known()).toBe('failed')
    expect(await tell('succeeded', 5)).toBeDefined()
    expect(await known()).toBe('succeeded')
  })

  it('of another workspace, or of a run that is gone, is not', async () => {
    const { tell, known } = await ran()
    expect(await tell('succeeded', 9, 'wsp_other')).toBeUndefined()
    expect(await known()).toBeUndefined()
    const gone = { scheduleId: `sch_${ulid()}`, id: `sch_${ulid()}@2026-11-21T10:00:00.000Z`, workspaceId: 'wsp_1' }
    expect(await runs.recordTask({ ...gone, task: { id: 'tsk_1', status: 'running', sequence: 2 } })).toBeUndefined()
  })
})

describe('what it costs', () => {
  it('a tick that finds nothing: a unit for each shard, and the watermarks', async () => {
    const now = new Date('2026-12-24T10:30:00Z')
    await tick(due, async () => {}, now)
    await tick(due, async () => {}, new Date(now.getTime() + 60_000))
    const units = await table.unitsOf(() => tick(due, async () => {}, new Date(now.getTime() + 120_000)))
    expect(units).toBeLessThanOrEqual(SHARDS + 1)
  })

  it('a run: a read, and a transaction of four writes', async () => {
    const one = await created()
    expect(await table.unitsOf(() => fire(one))).toBeLessThanOrEqual(1 + 2 * 4)
  })
})
