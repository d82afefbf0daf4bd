/** The processor time of our code for one task that does nothing, and the AWS calls that it makes. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { systemClock } from '#core/clock.ts'
import { createIds } from '#core/ids.ts'
import { createLogger } from '#core/log.ts'
import { systemRandom } from '#core/random.ts'
import { wakeHint } from '../functions/tasks/hints/hint.ts'
import { defineTask } from '../functions/tasks/kinds/task-definition.ts'
import { createQueuesStore } from '../functions/tasks/queues/queues.store.ts'
import { enqueue } from '../functions/tasks/requests/enqueue.ts'
import { newTask } from '../functions/tasks/requests/new-task.ts'
import { dispatch } from '../functions/tasks/running/dispatch.ts'
import { runQueue } from '../functions/tasks/running/run.ts'
import type { RunnerOrder } from '../functions/tasks/running/runner-order.ts'
import { createTasksStore } from '../functions/tasks/states/tasks.store.ts'
import { FakeDynamo } from './fake-dynamo.ts'

export interface Phase {
  readonly phase: string
  /** Microseconds of processor time for each task. */
  readonly cpuUs: number
  /** DynamoDB operation → calls for each task. */
  readonly calls: ReadonlyMap<string, number>
}

const WORKSPACE = 'wsp_1'

/** Makes, dispatches and runs `count` tasks, in batches as they would come, after as many that are not measured. */
export async function tasksCpu(count: number): Promise<readonly Phase[]> {
  await measure(count)
  return measure(count)
}

async function measure(count: number): Promise<readonly Phase[]> {
  const fake = new FakeDynamo()
  const dynamo = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestHandler: fake.requestHandler as never,
    }),
    { marshallOptions: { removeUndefinedValues: true } },
  )
  const tasks = createTasksStore(dynamo, 'backlot-tasks')
  const queues = createQueuesStore(dynamo, 'backlot-tasks')
  const clock = systemClock
  const ids = createIds(clock, systemRandom)
  const sendHints = async () => {}
  const log = createLogger({ name: 'bench', clock, write: () => {} }).begin()
  const nothing = defineTask({ name: 'nothing', description: '', input: z.object({}), handler: async () => undefined })
  const findDefinition = () => nothing

  const measured = async (phase: string, work: () => Promise<unknown>): Promise<Phase> => {
    fake.calls.clear()
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    const calls = new Map([...fake.calls].map(([operation, n]) => [operation, n / count]))
    return { phase, cpuUs: (user + system) / count, calls }
  }

  const made = await measured('made', async () => {
    for (let n = 0; n < count; n += 1) {
      const origin = { id: ids('tsk'), workspaceId: WORKSPACE, createdBy: 'key', traceparent: '' }
      const decision = newTask({ name: 'nothing', input: {} }, origin, findDefinition, clock.now())
      if (!decision.ok) throw new Error('expected a task')
      await enqueue(decision.created, { tasks, queues, sendHints }, clock.now(), () => {})
    }
  })
  const orders: RunnerOrder[] = []
  const dispatched = await measured('dispatched (one hint each, ten in a batch)', async () => {
    const hint = wakeHint({ workspaceId: WORKSPACE, queue: 'default' })
    const options = { tasks, queues, sendHints, findDefinition, clock, newRunnerId: () => ids('run') }
    const startRunner = async (order: RunnerOrder) => void orders.push(order)
    for (let n = 0; n < count; n += 10)
      await dispatch(
        Array.from({ length: 10 }, (_, id) => ({ id: String(id), hint })),
        { ...options, startRunner },
        log,
      )
  })
  const [order] = orders
  if (order === undefined) throw new Error('expected a runner to be started')
  const ran = await measured('run (ten at once in one runner)', () =>
    runQueue(
      { ...order, runners: 1 },
      {
        tasks,
        queues,
        sendHints,
        findDefinition,
        clock,
        services: {
          clock,
          http: { send: async () => ({ kind: 'failed', code: 'none', detail: '' }) },
          sendMail: async () => ({ messageId: '' }),
          deliverWebhook: async () => ({ kind: 'done', status: 200 }),
        },
        pause: (ms, signal) =>
          new Promise((resolve) => {
            const timer = setTimeout(resolve, ms)
            signal?.addEventListener('abort', () => {
              clearTimeout(timer)
              resolve()
            })
          }),
        draw: Math.random,
        mayTake: () => true,
        logAttempt: () => {},
      },
      log,
    ),
  )
  return [made, dispatched, ran]
}
