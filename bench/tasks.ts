/**
 * `bench/tasks`: our processor time and AWS calls for one task, what a million cost on AWS, and then, when a local cloud is
 * running, how long a task takes from being made to being started, and how many are done in a second.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { ulid } from 'ulid'
import { clientFor } from '../local/aws.ts'
import type { Outputs } from '../local/outputs.ts'
import { median, percentile, type Row, report, rounded, until } from './measure.ts'
import { runningCloud } from './running-cloud.ts'
import { tasksCpu } from './tasks-cpu.ts'

const CPU_TASKS = 1_000
const LATENCY_TASKS = 20
const DEFAULT_TASKS = 300
const BATCH = 10
const WAIT = { withinMs: 300_000, everyMs: 250 }

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { tasks: { type: 'string', default: String(DEFAULT_TASKS) }, json: { type: 'string' } },
  })
  await reportCpu(values.json)
  await reportPrice(values.json?.replace(/(\.json)?$/, '.price.json'))
  await reportEndToEnd(Number(values.tasks), values.json?.replace(/(\.json)?$/, '.end-to-end.json'))
  return 0
}

async function reportCpu(json: string | undefined): Promise<void> {
  const rows = (await tasksCpu(CPU_TASKS)).map(({ phase, cpuUs, calls }) => ({
    phase,
    'CPU (µs per task)': rounded(cpuUs),
    'DynamoDB calls per task': [...calls].map(([operation, n]) => `${rounded(n)} ${operation}`).join(', '),
  }))
  const notes = [
    `${CPU_TASKS} tasks that do nothing. Real stores and SDK; the database answers from memory. What is dispatched with them: 0.1 SQS receive and delete, one send.`,
  ]
  await report({ name: 'Tasks, processor time and calls', rows, notes }, json)
}

/** us-east-1, on demand, November 2026, in dollars for a million. https://aws.amazon.com/pricing/ */
const PRICE = {
  writeUnit: 0.625,
  readUnit: 0.125,
  sqsRequest: 0.4,
  lambdaRequest: 0.2,
  gatewayRequest: 3.5,
  busEvent: 1,
}
/** Dollars for a GB-second on arm64, for a million. */
const GB_SECOND = 13.3334

/** What one task that is made by the API, starts at once, waits 100 ms for the network and succeeds needs of AWS. */
function shares(): readonly { readonly what: string; readonly sum: string; readonly price: number }[] {
  const gbSeconds = (ms: number, gb: number) => (ms / 1_000) * gb * GB_SECOND
  return [
    {
      what: 'DynamoDB: the task',
      sum: '10 write units (made 2, claimed 4, recorded 4: test/contract/tasks) + 2 read units',
      price: 10 * PRICE.writeUnit + 2 * PRICE.readUnit,
    },
    {
      what: 'DynamoDB: queue and rate limit',
      sum: '0.3 write units (3 for a runner, 10 tasks each) + 1 (rate limit) + 0.5 read units',
      price: 1.3 * PRICE.writeUnit + 0.5 * PRICE.readUnit,
    },
    { what: 'SQS: hints', sum: '1 send + 0.2 (receive, delete in tens)', price: 1.2 * PRICE.sqsRequest },
    {
      what: 'Lambda: dispatcher, stream readers',
      sum: '0.1 + 0.02 requests, 20 ms of 0.25 GB each',
      price: 0.12 * (PRICE.lambdaRequest + gbSeconds(20, 0.25)),
    },
    {
      what: 'Lambda: runner',
      sum: '0.1 requests, 10 ms of 0.5 GB (100 ms, ten at once)',
      price: 0.1 * PRICE.lambdaRequest + gbSeconds(10, 0.5),
    },
    { what: 'EventBridge: TaskSucceeded', sum: '1 event', price: PRICE.busEvent },
    {
      what: 'API: one request',
      sum: '1 API Gateway + 1 Lambda request, 15 ms of 0.5 GB; none of it for commands (2 SQS requests instead)',
      price: PRICE.gatewayRequest + PRICE.lambdaRequest + gbSeconds(15, 0.5),
    },
  ]
}

async function reportPrice(json: string | undefined): Promise<void> {
  const parts = shares()
  const total = parts.reduce((sum, { price }) => sum + price, 0)
  const rows: Row[] = parts.map(({ what, sum, price }) => ({
    'for one task': what,
    sum,
    '$ per million': rounded(price),
  }))
  rows.push({ 'for one task': 'all', sum: '', '$ per million': rounded(total) })
  await report(
    { name: 'Tasks, price on AWS', rows, notes: ['us-east-1, on demand; logs and data transfer left out.'] },
    json,
  )
}

async function reportEndToEnd(count: number, json: string | undefined): Promise<void> {
  const outputs = await runningCloud('Tasks, end to end')
  if (outputs === undefined) return
  const server = createServer((_, response) => response.end('ok'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  try {
    const waits = await startLatencies(outputs, target)
    const row: Row = {
      'made → started, median (ms)': rounded(median(waits)),
      'p90 (ms)': rounded(percentile(waits, 0.9)),
      tasks: count,
      'done per second': rounded(await throughput(outputs, target, count)),
    }
    const notes = [
      `Latency: ${LATENCY_TASKS} tasks one after the other by the API. Throughput: by commands, from the first that was made to the last that ended. Each is an http.request to the same machine, which also runs the cloud.`,
    ]
    await report({ name: 'Tasks, end to end', rows: [row], notes }, json)
  } finally {
    server.close()
  }
}

interface TaskBody {
  readonly id: string
  readonly status: string
  readonly createdAt: string
  readonly startedAt?: string
  readonly finishedAt?: string
}

async function call<T>({ edge, apiKey }: Outputs, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${edge.url}/api/tasks/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`expected ${path} to answer, got ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

/** Milliseconds, told by the tasks themselves: nobody's polling is in them. The first, on cold environments, is left out. */
async function startLatencies(outputs: Outputs, url: string): Promise<number[]> {
  const waits: number[] = []
  for (let n = 0; n <= LATENCY_TASKS; n += 1) {
    const { id } = await call<TaskBody>(outputs, 'tasks', { name: 'http.request', input: { url } })
    const done = async () => {
      const task = await call<TaskBody>(outputs, `tasks/${id}`)
      return task.status === 'succeeded' && task
    }
    const { createdAt, startedAt = '' } = await until('the task to succeed', done, WAIT)
    if (n > 0) waits.push(Date.parse(startedAt) - Date.parse(createdAt))
  }
  return waits
}

async function throughput(outputs: Outputs, url: string, count: number): Promise<number> {
  const queue = `bench-${ulid().toLowerCase()}`
  const sqs = new SQSClient({ ...clientFor(outputs), useQueueUrlAsEndpoint: false })
  const commands = Array.from({ length: count }, (_, n) => ({
    id: `${queue}#${n}`,
    workspaceId: outputs.workspace.id,
    ...{ name: 'http.request', input: { url }, queue, traceparent: '' },
  }))
  for (let start = 0; start < count; start += BATCH)
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: `${outputs.endpoint}/queue/${outputs.region}/000000000000/backlot-tasks-commands`,
        Entries: commands
          .slice(start, start + BATCH)
          .map((command, index) => ({ Id: String(index), MessageBody: JSON.stringify(command) })),
      }),
    )
  const all = await until(
    'all tasks to be done',
    async () => {
      const tasks = await listAll(outputs, queue)
      return tasks.length === count && tasks.every(({ status }) => status === 'succeeded') && tasks
    },
    { ...WAIT, everyMs: 1_000 },
  )
  const began = Math.min(...all.map(({ createdAt }) => Date.parse(createdAt)))
  const ended = Math.max(...all.map(({ finishedAt = '' }) => Date.parse(finishedAt)))
  return count / ((ended - began) / 1_000)
}

async function listAll(outputs: Outputs, queue: string): Promise<TaskBody[]> {
  const found: TaskBody[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { items: TaskBody[]; nextCursor: string | null } = await call(
      outputs,
      `tasks?queue=${queue}&limit=100${cursor && `&cursor=${cursor}`}`,
    )
    found.push(...page.items)
    cursor = page.nextCursor
  }
  return found
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
