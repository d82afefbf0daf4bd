/**
 * Tasks whose runners are killed and whose messages are duplicated: each is done, and each effect is there once.
 *
 * What has to hold at the end, whatever happened:
 * 1. every command became one task, and every task succeeded, once
 * 2. every effect is there once, under one key
 * 3. nothing arrived more often than crashes explain: without a crash no duplicate message starts a task again
 */
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { ulid } from 'ulid'
import { MINUTE, SECOND } from '#core/clock.ts'
import type { TaskCommand } from '#core/task-command.ts'
import { clientFor } from '../../local/aws.ts'
import type { ChaosOptions } from '../../local/commands/chaos.ts'
import type { Outputs } from '../../local/outputs.ts'
import { type EffectReceiver, startEffectReceiver } from './effect-receiver.ts'
import { killProcess, processesOf } from './lambda-processes.ts'
import { patientFetch } from './patient-fetch.ts'

export interface TasksChaosOptions extends ChaosOptions {
  /** @default the long form's */
  readonly tasks?: number
  /** How often all runner processes are killed. */
  readonly kills?: number
}

const LONG = { tasks: 5_000, kills: 8 }
const RUNNER = 'backlot-tasks-run'
const KILL_EVERY_MS = 2 * SECOND
/** Nothing happens for so long: more than a lease that ends and the tick behind it, on a busy machine. */
const STALLED_MS = 3 * MINUTE
const LOOK_EVERY_MS = SECOND
const BATCH = 10
/** Commands between a command and its duplicate. */
const REPEATED_AFTER = 24

interface FoundTask {
  readonly id: string
  readonly status: string
  readonly attempts: number
  readonly crashes: number
}

export async function run({
  outputs,
  times,
  tasks = LONG.tasks,
  kills = LONG.kills,
}: TasksChaosOptions): Promise<void> {
  for (let round = 1; round <= times; round += 1) {
    const began = performance.now()
    const figures = await once(outputs, tasks, kills)
    const seconds = Math.round((performance.now() - began) / SECOND)
    console.log(`tasks, round ${round}: ${tasks} tasks in ${seconds} s, ${figures}`)
  }
}

async function once(outputs: Outputs, count: number, kills: number): Promise<string> {
  const receiver = await startEffectReceiver()
  const queue = `chaos-${ulid().toLowerCase()}`
  const done = new AbortController()
  try {
    const killing = kill(outputs, receiver, kills, done.signal)
    await sendCommands(outputs, queue, receiver.url, count)
    await sendUselessHints(outputs, queue, count)
    await allFinished(outputs, queue, count, receiver)
    done.abort()
    const killed = await killing
    const found = await listAll(outputs, queue)
    check(found, receiver, count, killed)
    const crashes = found.reduce((sum, task) => sum + task.crashes, 0)
    return `all runners killed ${killed} times, ${crashes} tasks rescued`
  } finally {
    done.abort()
    await receiver.close()
  }
}

const queueUrl = ({ endpoint, region }: Outputs, name: string): string =>
  `${endpoint}/queue/${region}/000000000000/${name}`

async function sendAll(outputs: Outputs, queue: string, bodies: readonly object[]): Promise<void> {
  const sqs = new SQSClient(clientFor(outputs))
  for (let start = 0; start < bodies.length; start += BATCH) {
    const Entries = bodies
      .slice(start, start + BATCH)
      .map((body, index) => ({ Id: String(index), MessageBody: JSON.stringify(body) }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl(outputs, queue), Entries }))
  }
}

/** Every second command twice, some batches apart. */
async function sendCommands(outputs: Outputs, queue: string, url: string, count: number): Promise<void> {
  const commands = Array.from(
    { length: count },
    (_, n): TaskCommand => ({
      id: `${queue}#${n}`,
      workspaceId: outputs.workspace.id,
      name: 'http.request',
      input: { url: `${url}/?n=${n}` },
      queue,
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    }),
  )
  const repeated = commands.flatMap((command, n) => {
    const earlier = n % 2 === 0 ? commands[n - REPEATED_AFTER] : undefined
    return earlier === undefined ? [command] : [command, earlier]
  })
  await sendAll(outputs, 'backlot-tasks-commands', repeated)
}

/** Messages that say what is known, or what is not so: they must change nothing. */
async function sendUselessHints(outputs: Outputs, queue: string, count: number): Promise<void> {
  const workspaceId = outputs.workspace.id
  const some = (await page(outputs, queue, undefined)).items.map(({ id }) => ({ kind: 'due', workspaceId, id }))
  const wakes = Array.from({ length: Math.ceil(count / 10) }, () => ({ kind: 'wake', workspaceId, queue }))
  await sendAll(outputs, 'backlot-tasks-hints', [...some, ...some, ...wakes])
}

/** Kills a runner every now and then, in the midst of its work: each time two seconds after the first effect since. */
async function kill(
  { endpoint }: Outputs,
  receiver: EffectReceiver,
  kills: number,
  done: AbortSignal,
): Promise<number> {
  let killed = 0
  while (killed < kills && !done.aborted) {
    await pause(KILL_EVERY_MS)
    if (!(await receiver.isBusy(done))) break
    const pids = await processesOf(RUNNER, endpoint)
    // Some are idle, and nobody knows which: all of them, so that the busy ones are among them.
    if (pids.map(killProcess).some(Boolean)) killed += 1
  }
  return killed
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function read<T>({ edge, apiKey }: Outputs, path: string): Promise<T | undefined> {
  const answer = await patientFetch(`${edge.url}${path}`, { headers: { Authorization: `Bearer ${apiKey}` } })
  if (answer.status === 404) return undefined
  if (!answer.ok) throw new Error(`expected ${path} to answer, got ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

/** Until nothing waits and nothing runs, and every effect has been asked for. How long that takes is the machine's matter. */
async function allFinished(outputs: Outputs, queue: string, count: number, receiver: EffectReceiver): Promise<void> {
  let [seen, end] = ['', 0]
  for (;;) {
    const state = await read<{ depth: Record<string, number> }>(outputs, `/api/tasks/queues/${queue}`)
    const { queued = 1, running = 1, failed = 0, scheduled = 0 } = state?.depth ?? {}
    if (receiver.keys.size >= count && queued + running + failed + scheduled === 0) return
    const now = `${receiver.keys.size} effects and ${JSON.stringify(state?.depth)}`
    if (now !== seen) [seen, end] = [now, performance.now() + STALLED_MS]
    if (performance.now() > end) throw new Error(`expected all ${count} to be done, got ${now} for 3 minutes`)
    await pause(LOOK_EVERY_MS)
  }
}

interface Page {
  readonly items: readonly FoundTask[]
  readonly nextCursor: string | null
}

async function page(outputs: Outputs, queue: string, cursor: string | undefined): Promise<Page> {
  const query = new URLSearchParams({ queue, limit: '100', ...(cursor !== undefined && { cursor }) })
  return (await read<Page>(outputs, `/api/tasks/tasks?${query.toString()}`)) ?? { items: [], nextCursor: null }
}

async function listAll(outputs: Outputs, queue: string): Promise<readonly FoundTask[]> {
  const found: FoundTask[] = []
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await page(outputs, queue, cursor)
    found.push(...items)
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined)
  return found
}

function check(found: readonly FoundTask[], receiver: EffectReceiver, count: number, killed: number): void {
  const faults: string[] = []
  const fault = (text: string) => faults.push(text)
  if (killed === 0) fault('expected runners to be killed, none was')
  if (!found.some(({ crashes }) => crashes > 0)) fault('expected tasks to lose their runner, none did')
  const ids = new Set(found.map(({ id }) => id))
  if (found.length !== count || ids.size !== count)
    fault(`expected ${count} tasks, got ${found.length} (${ids.size} ids)`)
  for (const task of found) {
    if (task.status !== 'succeeded') fault(`expected ${task.id} to succeed, got ${JSON.stringify(task)}`)
    if (task.attempts !== task.crashes + 1)
      fault(`expected ${task.id} to start once and once after each crash, got ${JSON.stringify(task)}`)
    const arrived = receiver.arrivals.get(task.id) ?? 0
    if (arrived < 1 || arrived > task.crashes + 1)
      fault(`expected ${task.id} to arrive 1 to ${task.crashes + 1} times, got ${arrived}`)
  }
  if (receiver.arrivals.size !== count) fault(`expected ${count} keys, got ${receiver.arrivals.size}`)
  for (const [n, keys] of receiver.keys) if (keys.size !== 1) fault(`expected effect ${n} once, got ${keys.size} times`)
  if (faults.length > 0) throw new Error(`${faults.length} faults:\n${faults.slice(0, 20).join('\n')}`)
}
