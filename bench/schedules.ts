/**
 * `bench/schedules`: what a tick reads with 1,000 and 100,000 schedules stored, on a table of its own; and how late runs
 * are, by the deployed clock. Needs a running local cloud. Prices are those of us-east-1, on demand.
 */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { BatchWriteCommand, DeleteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { HOUR, MINUTE, SECOND, systemClock } from '#core/clock.ts'
import { consumedCapacity } from '#core/dynamo.ts'
import { createIds } from '#core/ids.ts'
import { systemRandom } from '#core/random.ts'
import { createDueStore } from '../functions/schedules/firing/due.store.ts'
import { decideFiring } from '../functions/schedules/firing/firing.ts'
import type { Hint } from '../functions/schedules/firing/hint.ts'
import { hintOf, tick } from '../functions/schedules/firing/tick.ts'
import { createRunsStore, type RunsStore } from '../functions/schedules/runs/runs.store.ts'
import { DEFAULT_CATCH_UP, occurrenceId, type Schedule } from '../functions/schedules/schedule.ts'
import { dueItemOf, dueKey, scheduleKey } from '../functions/schedules/schedule-keys.ts'
import { createSchedulesStore } from '../functions/schedules/schedules.store.ts'
import { clientFor } from '../local/aws.ts'
import type { Outputs } from '../local/outputs.ts'
import { median, percentile, type Row, report, rounded, timed } from './measure.ts'
import { runningCloud } from './running-cloud.ts'

/** https://aws.amazon.com/dynamodb/pricing/on-demand/, https://aws.amazon.com/sqs/pricing/, https://aws.amazon.com/eventbridge/pricing/ */
const USD_PER_MILLION = { read: 0.125, write: 0.625, sqsRequest: 0.4, busEvent: 1, lambdaRequest: 0.2 } as const
/** https://aws.amazon.com/lambda/pricing/, arm64. */
const USD_PER_GB_SECOND = 0.0000133334
const MINUTES_PER_MONTH = 43_800
/** Of `infra/schedules.ts`. */
const FIRE_GB = 0.5
/** A batch of ten hints is one request to send, one to receive, one to delete. */
const SQS_REQUESTS_PER_RUN = 0.3
const BATCH = 25
const PARALLEL = 8
const TICKS = 20
const FIRINGS = 200
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const ids = createIds(systemClock, systemRandom)

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stored: { type: 'string', multiple: true, default: ['1000', '100000'] },
      late: { type: 'string', default: '60' },
      json: { type: 'string' },
    },
  })
  const outputs = await runningCloud('Schedules')
  if (outputs === undefined) return 0
  const rows: Row[] = []
  for (const stored of values.stored) rows.push(await ticksWith(outputs, Number(stored)))
  await report({ name: 'Schedules, a tick', rows, notes: [TICK_NOTE] }, values.json)
  await report({ name: 'Schedules, a run', rows: await firings(outputs), notes: [PRICE_NOTE] }, undefined)
  await report(
    { name: 'Schedules, lateness', rows: await lateness(outputs, Number(values.late)), notes: [LATE_NOTE] },
    undefined,
  )
  return 0
}

const TICK_NOTE =
  'Daily schedules, spread evenly over the day; a tick looks 75 s ahead, so each is told 1.25 times. The price is that of ' +
  `${MINUTES_PER_MONTH} ticks a month: read units × $${USD_PER_MILLION.read} per million.`
const PRICE_NOTE =
  `Per million runs: write units × $${USD_PER_MILLION.write}, read units × $${USD_PER_MILLION.read}, ${SQS_REQUESTS_PER_RUN} SQS requests × $${USD_PER_MILLION.sqsRequest}, ` +
  `one bus event × $${USD_PER_MILLION.busEvent}, three invocations (fire, publish, start) for ten runs × $${USD_PER_MILLION.lambdaRequest}, and the processor time of fire at ${FIRE_GB} GB, ` +
  'measured here with the network of this machine. A task: also the event TaskStarted, two calls of record-tasks, and three writes to the run; the task itself is in bench/tasks.'
const LATE_NOTE =
  'From the time it should be to the time that the run was written (started) and that the tasks service had its command ' +
  '(delivered). SQS delays are whole seconds, rounded up: half a second of it on average.'

function clientOf(outputs: Outputs) {
  let units = 0
  const base = new DynamoDBClient(clientFor(outputs))
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } })
  client.middlewareStack.add(
    (next) => async (given) => {
      const result = await next({ ...given, input: { ...given.input, ReturnConsumedCapacity: 'TOTAL' } })
      units += consumedCapacity(result.output as object) ?? 0
      return result
    },
    { step: 'initialize', name: 'addUpCapacity' },
  )
  return {
    base,
    client,
    unitsOf: async (run: () => Promise<unknown>) => {
      units = 0
      await run()
      return units
    },
  }
}

async function withTable<T>(outputs: Outputs, use: (table: string) => Promise<T>): Promise<T> {
  const base = new DynamoDBClient(clientFor(outputs))
  const table = `backlot-bench-${randomUUID()}`
  const [hash, range] = [{ AttributeName: 'pk' }, { AttributeName: 'sk' }]
  await base.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { ...hash, KeyType: 'HASH' },
        { ...range, KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { ...hash, AttributeType: 'S' },
        { ...range, AttributeType: 'S' },
      ],
    }),
  )
  await waitUntilTableExists({ client: base, maxWaitTime: 30, minDelay: 1 }, { TableName: table })
  try {
    return await use(table)
  } finally {
    await base.send(new DeleteTableCommand({ TableName: table }))
  }
}

const daily = (
  workspaceId: string,
  anchor: Date,
  target: Schedule['target'] = { type: 'event', data: {} },
): Schedule => ({
  id: ids('sch'),
  workspaceId,
  name: 'bench',
  expression: 'every 1 day',
  timeZone: 'UTC',
  anchor: anchor.toISOString(),
  catchUp: DEFAULT_CATCH_UP,
  target,
  status: 'active',
  revision: 1,
  version: 1,
  nextAt: anchor.toISOString(),
  missed: 0,
  createdAt: anchor.toISOString(),
  updatedAt: anchor.toISOString(),
  createdBy: 'bench',
  traceparent: TRACE,
})

async function ticksWith(outputs: Outputs, stored: number): Promise<Row> {
  return withTable(outputs, async (table) => {
    const { client, unitsOf } = clientOf(outputs)
    const { client: firing } = clientOf(outputs)
    const start = Math.floor(Date.now() / HOUR) * HOUR + 10 * MINUTE
    await fill(client, table, stored, start)
    const due = createDueStore(client, table)
    await tick(due, async () => {}, new Date(start))
    const [units, hints, queries, times]: number[][] = [[], [], [], []]
    for (let n = 1; n <= TICKS; n += 1) {
      const now = new Date(start + n * MINUTE)
      units?.push(
        await unitsOf(async () => {
          const told: Hint[] = []
          const { ms, value } = await timed(() => tick(due, async (more) => void told.push(...more), now))
          times?.push(ms)
          hints?.push(value.hints)
          queries?.push(value.queries)
          for (const hint of told)
            if (Date.parse(hint.nominalAt) <= now.getTime() + MINUTE) await fired(firing, table, hint)
        }),
      )
    }
    return {
      stored,
      'hints (median)': median(hints ?? []),
      'queries (median)': median(queries ?? []),
      'read units (median)': rounded(median(units ?? [])),
      'time (ms, median)': rounded(median(times ?? [])),
      'reads ($/month)': rounded((median(units ?? []) * MINUTES_PER_MONTH * USD_PER_MILLION.read) / 1_000_000),
    }
  })
}

/** Before the next tick its time has come, and its entry has moved on by a day. */
const fired = (client: DynamoDBDocumentClient, table: string, { scheduleId, nominalAt }: Hint): Promise<unknown> =>
  client.send(new DeleteCommand({ TableName: table, Key: dueKey(scheduleId, nominalAt) }))

async function fill(client: DynamoDBDocumentClient, table: string, stored: number, start: number): Promise<void> {
  const batches = Array.from({ length: Math.ceil(stored / BATCH) }, (_, n) => n * BATCH).entries()
  const worker = async () => {
    for (const [, first] of batches) {
      const count = Math.min(BATCH, stored - first)
      const made = Array.from({ length: count }, (_, n) =>
        daily(`wsp_${(first + n) % 100}`, new Date(start + Math.floor(((first + n) * 24 * HOUR) / stored))),
      )
      for (const items of [made.map((one) => ({ ...scheduleKey(one), ...one })), made.map(dueItemOf)])
        await client.send(
          new BatchWriteCommand({ RequestItems: { [table]: items.map((Item) => ({ PutRequest: { Item } })) } }),
        )
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}

/** What it costs to fire: reads, writes, and the processor time of deciding and of the SDK. */
async function firings(outputs: Outputs): Promise<readonly Row[]> {
  return withTable(outputs, async (table) => {
    const { client, unitsOf } = clientOf(outputs)
    const schedules = createSchedulesStore(client, table)
    const now = new Date()
    const made = Array.from({ length: FIRINGS }, () => daily('wsp_bench', new Date(now.getTime() - SECOND)))
    for (const one of made) await schedules.create(one)
    const before = process.cpuUsage()
    const units = await unitsOf(async () => {
      for (const one of made)
        await schedules.change(one, (found) => {
          const due = dueItemOf(found)
          if (due === undefined) return { refusal: 'stale' }
          const firing = decideFiring(found, hintOf(due, now), now, '')
          return firing.kind === 'fire' ? firing : { refusal: firing.kind }
        })
    })
    const { user, system } = process.cpuUsage(before)
    const recorded = (await unitsOf(() => recordAll(createRunsStore(client, table), made))) / FIRINGS
    const recording = recorded * USD_PER_MILLION.write + USD_PER_MILLION.busEvent + 2 * USD_PER_MILLION.lambdaRequest
    const cpuMs = (user + system) / 1_000 / FIRINGS
    const writes = units / FIRINGS - 1
    const usd =
      writes * USD_PER_MILLION.write +
      USD_PER_MILLION.read +
      SQS_REQUESTS_PER_RUN * USD_PER_MILLION.sqsRequest +
      USD_PER_MILLION.busEvent +
      SQS_REQUESTS_PER_RUN * USD_PER_MILLION.lambdaRequest +
      cpuMs * 1_000 * FIRE_GB * USD_PER_GB_SECOND
    const costs = { runs: FIRINGS, 'read units': 1, 'write units': rounded(writes), 'CPU (ms)': rounded(cpuMs) }
    return [
      { target: 'event', ...costs, '$ per million': rounded(usd) },
      {
        target: 'task',
        ...costs,
        'write units': rounded(writes + recorded),
        '$ per million': rounded(usd + recording),
      },
    ]
  })
}

/** What becomes of each run's task: it is asked for, it starts, and it succeeds. */
async function recordAll(runs: RunsStore, made: readonly Schedule[]): Promise<void> {
  for (const { id: scheduleId, workspaceId, nextAt } of made) {
    const told = { scheduleId, workspaceId, id: occurrenceId(scheduleId, nextAt ?? '') }
    const startedAt = systemClock.now().toISOString()
    const task = { id: ids('tsk'), startedAt }
    await runs.delivered(told, systemClock.now())
    await runs.recordTask({ ...told, task: { ...task, status: 'running', sequence: 2 } })
    await runs.recordTask({ ...told, task: { ...task, status: 'succeeded', sequence: 3, finishedAt: startedAt } })
  }
}

/** Due in the minute after the next tick has looked, so that ticks tell of all. */
async function lateness(outputs: Outputs, count: number): Promise<readonly Row[]> {
  const { client } = clientOf(outputs)
  const schedules = createSchedulesStore(client, 'backlot-schedules')
  const runs = createRunsStore(client, 'backlot-schedules')
  const start = Math.ceil(Date.now() / SECOND) * SECOND + 90 * SECOND
  const target = { type: 'task', name: 'http.request', input: { url: 'https://bench.invalid/' } } as const
  const made = Array.from({ length: count }, (_, n) =>
    daily(outputs.workspace.id, new Date(start + Math.floor((n * MINUTE) / count / SECOND) * SECOND), target),
  )
  for (const one of made) await schedules.create(one)
  await new Promise((resolve) => setTimeout(resolve, start + MINUTE + 30 * SECOND - Date.now()))
  const found = (await Promise.all(made.map(({ id }) => runs.list(id, 1, undefined)))).flatMap((page) => page.runs)
  for (const one of made) await schedules.delete(one, () => undefined)
  const since = (nominal: string, at: string | undefined) =>
    at === undefined ? [] : [Date.parse(at) - Date.parse(nominal)]
  const row = (what: string, late: readonly number[]): Row => ({
    what,
    runs: late.length,
    'p50 (ms)': median(late),
    'p90 (ms)': percentile(late, 0.9),
    'p99 (ms)': percentile(late, 0.99),
    'most (ms)': Math.max(...late),
  })
  return [
    row(
      'started',
      found.flatMap(({ nominalAt, startedAt }) => since(nominalAt, startedAt)),
    ),
    row(
      'delivered',
      found.flatMap(({ nominalAt, deliveredAt }) => since(nominalAt, deliveredAt)),
    ),
  ]
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
