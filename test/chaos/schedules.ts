/**
 * Schedules that are due within one minute while ticks repeat, overlap and stay away, and hints come twice: each time runs
 * once. The rule that ticks is switched off; ticks come from here. Three groups:
 * 1. told: ticks before their time, several at once, and every hint twice more
 * 2. withheld: no tick at all until their time has passed, then several at once; in the long form so late that the time
 *    counts as missed and is caught up
 * 3. changed: told, then changed before their time: the old hints are stale, and the time runs by the new revision
 *
 * What has to hold at the end: every schedule ran once, at its time, by its last revision; and the bus heard of each run.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { HOUR, MINUTE, SECOND, systemClock } from '#core/clock.ts'
import { createIds } from '#core/ids.ts'
import { systemRandom } from '#core/random.ts'
import { newSchedule, update } from '../../functions/schedules/editing/editing.ts'
import { createSendHints } from '../../functions/schedules/firing/hints.store.ts'
import { hintOf } from '../../functions/schedules/firing/tick.ts'
import { createRunsStore } from '../../functions/schedules/runs/runs.store.ts'
import {
  DEFAULT_CATCH_UP,
  ON_TIME_MS,
  type Run,
  type Schedule,
  TICK_AHEAD_MS,
} from '../../functions/schedules/schedule.ts'
import { dueItemOf } from '../../functions/schedules/schedule-keys.ts'
import { createSchedulesStore } from '../../functions/schedules/schedules.store.ts'
import { clientFor } from '../../local/aws.ts'
import type { ChaosOptions } from '../../local/commands/chaos.ts'
import type { Outputs } from '../../local/outputs.ts'
import { type BusListener, listen } from './bus-listener.ts'

export interface SchedulesChaosOptions extends ChaosOptions {
  /** @default the long form's */
  readonly schedules?: number
  /** How long after their time the withheld ones are told. */
  readonly withheldMs?: number
}

const LONG = { schedules: 500, withheldMs: ON_TIME_MS + 5 * SECOND }
const NAME = 'backlot-schedules'
const TICK = `${NAME}-tick`
const TICKS_AT_ONCE = 5
const WHY_LENGTH = 200
const PARALLEL = 10
/** All are due within this time. */
const SPREAD_SECONDS = 30
/** Making one takes some 20 ms alone, five times as long on a busy machine: it is tried with a few. */
const PROBES = 20
const MIN_MAKING_MS = 10
/** All are made, a third is changed, and what is told must be told before its time: twice the work, and as much in reserve. */
const RESERVE = 4
/** Before their time the first ticks come: as near as they may, so that they see all that is due. */
const TOLD_AHEAD_MS = TICK_AHEAD_MS - SPREAD_SECONDS * SECOND - 5 * SECOND
const MARGIN_MS = 10 * SECOND
const DEADLINE_MS = 5 * MINUTE
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const GROUPS = ['told', 'withheld', 'changed'] as const

const ids = createIds(systemClock, systemRandom)

function connect(outputs: Outputs) {
  const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(clientFor(outputs)), {
    marshallOptions: { removeUndefinedValues: true },
  })
  const { endpoint, region } = outputs
  return {
    schedules: createSchedulesStore(dynamo, NAME),
    runs: createRunsStore(dynamo, NAME),
    lambda: new LambdaClient(clientFor(outputs)),
    rules: new EventBridgeClient(clientFor(outputs)),
    sendHints: createSendHints(
      new SQSClient(clientFor(outputs)),
      `${endpoint}/queue/${region}/000000000000/${NAME}-due`,
    ),
    workspaceId: ids('wsp'),
  }
}
type Cloud = ReturnType<typeof connect>

interface Made {
  readonly group: (typeof GROUPS)[number]
  readonly schedule: Schedule
}

export async function run({
  outputs,
  times,
  schedules = LONG.schedules,
  withheldMs = LONG.withheldMs,
}: SchedulesChaosOptions): Promise<void> {
  for (let round = 1; round <= times; round += 1) {
    const began = performance.now()
    const figures = await once(outputs, schedules, withheldMs)
    const seconds = Math.round((performance.now() - began) / SECOND)
    console.log(`schedules, round ${round}: ${schedules} schedules in ${seconds} s, ${figures}`)
  }
}

async function once(outputs: Outputs, count: number, withheldMs: number): Promise<string> {
  const cloud = connect(outputs)
  const bus = await listen(outputs, 'backlot.schedules', cloud.workspaceId)
  await cloud.rules.send(new DisableRuleCommand({ Name: TICK }))
  try {
    const due = wholeSecond(Date.now() + count * (await makingMs(cloud)) * RESERVE + MARGIN_MS)
    const sizes = Array.from({ length: count }, (_, n) => n)
    const early = await each(
      sizes.filter((n) => groupOf(n) !== 'withheld'),
      (n) => make(cloud, n, due),
    )
    await waitUntil(due - TOLD_AHEAD_MS)
    await ticks(cloud)
    await repeatHints(cloud, early)
    const changed = await each(early, (made) =>
      made.group === 'changed' ? change(cloud, made) : Promise.resolve(made),
    )
    const withheld = await each(
      sizes.filter((n) => groupOf(n) === 'withheld'),
      (n) => make(cloud, n, due),
    )
    const withheldUntil = due + SPREAD_SECONDS * SECOND + withheldMs
    await waitUntil(withheldUntil)
    for (let burst = 0; burst < 2; burst += 1) await ticks(cloud)
    return await allRan(cloud, [...changed, ...withheld], withheldUntil, bus)
  } finally {
    await cloud.rules.send(new EnableRuleCommand({ Name: TICK }))
    await bus.close()
  }
}

const groupOf = (n: number): Made['group'] => GROUPS[n % GROUPS.length] ?? 'told'
const wholeSecond = (ms: number): number => Math.ceil(ms / SECOND) * SECOND
const waitUntil = (at: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())))

async function each<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  const rest = items.entries()
  const worker = async () => {
    for (const [index, item] of rest) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return results
}

/** By the service's own store: what the API would tell at once is left to the ticks. */
async function make({ schedules, workspaceId }: Cloud, n: number, due: number): Promise<Made> {
  const anchor = new Date(due + (n % SPREAD_SECONDS) * SECOND).toISOString()
  const target = { type: 'event', data: { n } } as const
  const times = { name: `chaos ${n}`, expression: 'every 1 day', timeZone: 'UTC', anchor }
  const origin = { id: ids('sch'), workspaceId, createdBy: 'chaos', traceparent: TRACE }
  const edited = newSchedule({ ...times, target, catchUp: DEFAULT_CATCH_UP }, origin, new Date())
  if (!edited.ok) throw new Error(`expected a schedule, got ${JSON.stringify(edited.errors)}`)
  await schedules.create(edited.schedule)
  if (edited.schedule.nextAt !== anchor) throw new Error(`expected to be done by ${anchor}, made it too late`)
  return { group: groupOf(n), schedule: edited.schedule }
}

/** What making one takes, so many at a time. */
async function makingMs(cloud: Cloud): Promise<number> {
  const began = performance.now()
  const probes = await each(
    Array.from({ length: PROBES }, (_, n) => n),
    (n) => make(cloud, n, wholeSecond(Date.now() + HOUR)),
  )
  const mean = (performance.now() - began) / PROBES
  await each(probes, ({ schedule }) => cloud.schedules.delete(schedule, () => undefined))
  return Math.max(MIN_MAKING_MS, mean)
}

/** Several at once. Any may fail, as they do on a busy machine: what they did not tell the next ones have to. */
async function ticks({ lambda }: Cloud): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: TICKS_AT_ONCE }, () => lambda.send(new InvokeCommand({ FunctionName: TICK, Payload: '{}' }))),
  )
  const [first, ...more] = answers.filter(({ FunctionError }) => FunctionError !== undefined)
  if (first === undefined) return
  const why = Buffer.from(first.Payload ?? []).toString()
  console.log(`schedules: ${1 + more.length} of ${TICKS_AT_ONCE} ticks failed: ${why.slice(0, WHY_LENGTH)}`)
}

/** As a queue does that delivers twice: once more in time, and once more at once, before its time. */
async function repeatHints({ sendHints }: Cloud, made: readonly Made[]): Promise<void> {
  const now = new Date()
  const hints = made.flatMap(({ schedule }) => {
    const due = dueItemOf(schedule)
    return due === undefined ? [] : [hintOf(due, now)]
  })
  await sendHints(hints, now)
  const last = hints.map(({ nominalAt }) => Date.parse(nominalAt)).reduce((a, b) => Math.max(a, b), 0)
  await sendHints(hints, new Date(last))
}

async function change({ schedules }: Cloud, { group, schedule }: Made): Promise<Made> {
  const changed = await schedules.change(schedule, (before) => {
    const edited = update(before, { name: `${before.name}, changed` }, TRACE, new Date())
    return edited.ok ? { schedule: edited.schedule } : { refusal: edited.errors }
  })
  if (changed.kind !== 'done') throw new Error(`expected to change ${schedule.id}, got ${JSON.stringify(changed)}`)
  return { group, schedule: changed.schedule }
}

async function allRan(cloud: Cloud, made: readonly Made[], withheldUntil: number, bus: BusListener): Promise<string> {
  const heard = new Set<unknown>()
  const end = performance.now() + DEADLINE_MS
  let [quiet, tickAt] = [0, performance.now() + MINUTE]
  // Until all were heard and nothing more comes: a run too many would be heard late.
  while (quiet < 3 && performance.now() < end) {
    const events = await bus.hear()
    // As the rule would that is switched off: a tick a minute makes up for whatever was lost.
    if (performance.now() > tickAt) {
      tickAt = performance.now() + MINUTE
      await ticks(cloud)
    }
    for (const { data } of events) heard.add(data['runId'])
    quiet = heard.size >= made.length && events.length === 0 ? quiet + 1 : 0
  }
  const runs = await each(made, async ({ schedule }) => (await cloud.runs.list(schedule.id, 100, undefined)).runs)
  const faults = made.flatMap((one, index) => faultsOf(one, runs[index] ?? [], withheldUntil, heard))
  if (heard.size !== made.length) faults.push(`expected ${made.length} events, got ${heard.size}`)
  if (faults.length > 0) throw new Error(`${faults.length} faults:\n${faults.slice(0, 20).join('\n')}`)
  const caughtUp = runs.flat().filter(({ kind }) => kind === 'caught-up').length
  return `each ran once, ${caughtUp} of them caught up`
}

function faultsOf(
  { group, schedule }: Made,
  runs: readonly Run[],
  withheldUntil: number,
  heard: ReadonlySet<unknown>,
): string[] {
  const [ran] = runs
  const right =
    runs.length === 1 &&
    ran?.nominalAt === schedule.nextAt &&
    ran?.revision === schedule.revision &&
    Date.parse(ran.startedAt) >= Date.parse(ran.nominalAt) &&
    (group !== 'withheld' || wasWithheld(ran, withheldUntil)) &&
    heard.has(ran.id)
  if (right) return []
  return [
    `expected ${group} ${schedule.id} to run once at ${schedule.nextAt} by ${schedule.revision}, got ${JSON.stringify(runs)}`,
  ]
}

/** No tick told of it before, and what came too late to be on time is said to be caught up. */
function wasWithheld({ kind, nominalAt, startedAt, dispatchedAt }: Run, until: number): boolean {
  const isLate = Date.parse(startedAt) - Date.parse(nominalAt) > ON_TIME_MS
  return Date.parse(dispatchedAt) >= until && kind === (isLate ? 'caught-up' : 'scheduled')
}
