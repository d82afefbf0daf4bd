import type { ServerResponse } from 'node:http'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { SECOND } from '../../layers/core/clock.ts'
import { type BusListener, listen } from '../chaos/bus-listener.ts'
import { eventually, newWorkspace, type Workspace } from './links-cloud.ts'
import { startReceiver } from './tasks-cloud.ts'

const SCHEDULES = '/api/schedules/schedules'
const PREVIEW = '/api/schedules/preview'
/** A minute's tick, a queue's delay to the second, and a busy machine. */
const PATIENCE = 100 * SECOND

const target = { type: 'event', data: { greeting: 'hello' } }
const yearly = { name: 'new year', expression: '0 0 1 1 *', timeZone: 'Europe/Berlin', target }
const soon = (seconds: number): string => new Date(Math.ceil(Date.now() / SECOND + seconds) * SECOND).toISOString()

let workspace: Workspace
let bus: BusListener
beforeAll(async () => {
  workspace = await newWorkspace()
  bus = await listen(inject('outputs'), 'backlot.schedules', workspace.id)
  return () => bus.close()
})

async function made(body: object = yearly) {
  const answer = await workspace.call('POST', SCHEDULES, { body })
  expect(answer).toMatchObject({ status: 201 })
  return { ...answer.body, etag: answer.headers.get('etag') ?? '' }
}
const runsOf = async (id: string) => (await workspace.call('GET', `${SCHEDULES}/${id}/runs`)).body.items

describe('a schedule', () => {
  it('is made with its next time, read, listed and deleted', async () => {
    const schedule = await made()
    expect(schedule).toMatchObject({ status: 'active', revision: 1, dst: { gap: 'next-valid', overlap: 'first' } })
    expect(new Date(schedule.nextAt).toISOString()).toMatch(/-12-31T23:00:00.000Z$/)
    const read = await workspace.call('GET', `${SCHEDULES}/${schedule.id}`)
    expect(read).toMatchObject({ status: 200, body: { id: schedule.id } })
    const listed = await workspace.call('GET', SCHEDULES)
    expect(listed.body.items.map(({ id }: { id: string }) => id)).toContain(schedule.id)
    expect(await workspace.call('DELETE', `${SCHEDULES}/${schedule.id}`)).toMatchObject({ status: 204 })
    expect(await workspace.call('GET', `${SCHEDULES}/${schedule.id}`)).toMatchObject({ status: 404 })
  })

  it.each([
    [{ expression: '0 0 30 2 *' }, '/expression', 'never_runs'],
    [{ expression: 'at 2020-01-01T00:00:00Z' }, '/expression', 'never_runs'],
    [{ expression: 'every 9 seconds' }, '/expression', 'too_frequent'],
    [{ timeZone: 'Mars/Olympus' }, '/timeZone', 'time_zone'],
    [{ target: { type: 'event', data: 'x'.repeat(32_767) } }, '/target/data', 'too_large'],
    [{ catchUp: { cap: 51 } }, '/catchUp/cap', 'too_big'],
  ])('with %j is refused', async (over, pointer, code) => {
    const answer = await workspace.call('POST', SCHEDULES, { body: { ...yearly, ...over } })
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed', errors: [{ pointer, code }] } })
  })

  it('is changed by whoever saw its last revision', async () => {
    const schedule = await made()
    const path = `${SCHEDULES}/${schedule.id}`
    const first = await workspace.call('PATCH', path, { body: { name: 'one' }, headers: { 'If-Match': schedule.etag } })
    expect(first).toMatchObject({ status: 200, body: { name: 'one', revision: 2 } })
    const second = await workspace.call('PATCH', path, {
      body: { name: 'two' },
      headers: { 'If-Match': schedule.etag },
    })
    expect(second).toMatchObject({ status: 412, body: { code: 'precondition_failed' } })
  })

  it('is paused with a note, and resumed', async () => {
    const { id } = await made()
    const paused = await workspace.call('POST', `${SCHEDULES}/${id}/pause`, { body: { note: 'moving' } })
    expect(paused.body).toMatchObject({ status: 'paused', note: 'moving', nextAt: null })
    const resumed = await workspace.call('POST', `${SCHEDULES}/${id}/resume`)
    expect(resumed.body).toMatchObject({ status: 'active', nextAt: expect.any(String) })
    const again = await workspace.call('POST', `${SCHEDULES}/${id}/resume`)
    expect(again).toMatchObject({ status: 409, body: { code: 'schedule_state' } })
  })

  it('of another workspace is not there', async () => {
    const { id } = await made()
    const stranger = await newWorkspace()
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/trigger'],
      ['POST', '/resume'],
      ['GET', '/runs'],
    ] as const)
      expect(await stranger.call(method, `${SCHEDULES}/${id}${path}`)).toMatchObject({ status: 404 })
  })

  it('can be read, but not made, by a viewer', async () => {
    const call = await workspace.as('viewer')
    expect(await call('GET', SCHEDULES)).toMatchObject({ status: 200 })
    expect(await call('POST', SCHEDULES, { body: yearly })).toMatchObject({ status: 403 })
  })
})

describe('when its time comes', () => {
  it(
    'an event is on the bus, once, and the run is recorded with its three times',
    async () => {
      const nominalAt = soon(6)
      const { id } = await made({ name: 'soon', expression: `at ${nominalAt}`, target })
      const [run] = await eventually(
        () => runsOf(id),
        (runs) => runs.length > 0,
        PATIENCE,
      )
      expect(run).toMatchObject({ id: `${id}@${nominalAt}`, kind: 'scheduled', nominalAt, nextAt: null })
      expect(run.dispatchedAt < run.nominalAt && run.nominalAt <= run.startedAt).toBe(true)
      const fired = await eventually(
        async () => (await bus.hear()).filter(({ data }) => data['scheduleId'] === id),
        (events) => events.length > 0,
        PATIENCE,
      )
      expect(fired).toMatchObject([{ type: 'ScheduleFired', data: { runId: run.id, data: { greeting: 'hello' } } }])
      expect((await workspace.call('GET', `${SCHEDULES}/${id}`)).body).toMatchObject({ status: 'ended', nextAt: null })
    },
    2 * PATIENCE,
  )

  it(
    'a task is made of it, once',
    async () => {
      const input = { url: 'https://scheduled.example/' }
      const task = { type: 'task', name: 'http.request', input, queue: 'scheduled' }
      const { id } = await made({ name: 'task', expression: `at ${soon(3)}`, target: task })
      const delivered = await eventually(
        () => runsOf(id),
        ([run]) => run?.deliveredAt != null,
        PATIENCE,
      )
      expect(delivered).toHaveLength(1)
      const tasks = await eventually(
        async () => (await workspace.call('GET', '/api/tasks/tasks?queue=scheduled')).body.items,
        (items) => items.length > 0,
        PATIENCE,
      )
      expect(tasks).toMatchObject([{ name: 'http.request', queue: 'scheduled' }])
      const [begun] = await eventually(
        () => runsOf(id),
        ([run]) => run?.task != null,
        PATIENCE,
      )
      expect(begun.task.id).toBe(tasks[0].id)
      expect(begun.task.startedAt > begun.startedAt).toBe(true)
      await workspace.call('POST', `/api/tasks/tasks/${tasks[0].id}/cancel`)
      const [over] = await eventually(
        () => runsOf(id),
        ([run]) => run?.task?.finishedAt != null,
        PATIENCE,
      )
      expect(over.task).toMatchObject({ id: tasks[0].id, startedAt: begun.task.startedAt })
      expect(['cancelled', 'dead']).toContain(over.task.status)
    },
    2 * PATIENCE,
  )

  it(
    'it does not run beside its own task when it is told to skip',
    async () => {
      const held: ServerResponse[] = []
      const receiver = await startReceiver((_, response) => held.push(response))
      const task = { type: 'task', name: 'http.request', input: { url: receiver.url }, queue: 'alone' }
      const { id } = await made({ name: 'alone', expression: 'every 10 seconds', overlapPolicy: 'skip', target: task })
      try {
        const kinds = async () => (await runsOf(id)).map(({ kind }: { kind: string }) => kind)
        await eventually(kinds, (all) => all.includes('skipped'), PATIENCE)
        await eventually(
          async () => held.length,
          (requests) => requests === 1,
          PATIENCE,
        )
        expect((await kinds()).filter((kind: string) => kind === 'scheduled')).toHaveLength(1)
        held[0]?.end('done')
        await eventually(kinds, (all) => all.filter((kind: string) => kind === 'scheduled').length === 2, PATIENCE)
        const listed = await workspace.call('GET', `${SCHEDULES}?status=active`)
        expect(listed.body.items).toContainEqual(expect.objectContaining({ id, status: 'active' }))
        const paused = await workspace.call('GET', `${SCHEDULES}?status=paused`)
        expect(paused.body.items).not.toContainEqual(expect.objectContaining({ id }))
      } finally {
        await workspace.call('DELETE', `${SCHEDULES}/${id}`)
        await receiver.close()
      }
    },
    2 * PATIENCE,
  )

  it(
    'every ten seconds runs each ten seconds, also between ticks',
    async () => {
      const { id } = await made({ name: 'tens', expression: 'every 10 seconds', target })
      const runs = await eventually(
        () => runsOf(id),
        (found) => found.length >= 3,
        PATIENCE,
      )
      const times = runs.map(({ nominalAt }: { nominalAt: string }) => Date.parse(nominalAt)).slice(0, 3)
      expect([times[0] - times[1], times[1] - times[2]]).toEqual([10 * SECOND, 10 * SECOND])
      await workspace.call('DELETE', `${SCHEDULES}/${id}`)
    },
    2 * PATIENCE,
  )

  it('by hand it runs at once, and its own times stay', async () => {
    const schedule = await made()
    const answer = await workspace.call('POST', `${SCHEDULES}/${schedule.id}/trigger`, {
      headers: { 'Idempotency-Key': schedule.id },
    })
    expect(answer).toMatchObject({ status: 202, body: { kind: 'manual', nextAt: schedule.nextAt } })
    await workspace.call('POST', `${SCHEDULES}/${schedule.id}/trigger`, { headers: { 'Idempotency-Key': schedule.id } })
    expect(await runsOf(schedule.id)).toMatchObject([{ id: answer.body.id, kind: 'manual' }])
  })
})

describe('a preview', () => {
  it('shows and explains each gap', async () => {
    const body = { expression: '30 2 * * *', timeZone: 'Europe/Berlin', from: '2027-03-27T12:00:00+01:00', count: 2 }
    const answer = await workspace.call('POST', PREVIEW, { body })
    expect(answer).toMatchObject({
      status: 200,
      body: {
        items: [{ at: '2027-03-28T01:00:00.000Z', dst: { kind: 'gap' } }, { at: '2027-03-29T00:30:00.000Z' }],
        transitions: [{ kind: 'gap', affected: 1, explanation: expect.stringContaining('go forward by 60 minutes') }],
        dst: { gap: 'next-valid', overlap: 'first' },
      },
    })
  })

  it.each([
    [{ count: 101 }, '/count'],
    [{ count: 0 }, '/count'],
    [{ expression: '61 * * * *' }, '/expression'],
  ])('with %j is refused', async (over, pointer) => {
    const answer = await workspace.call('POST', PREVIEW, { body: { expression: '0 0 * * *', ...over } })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } })
  })
})
