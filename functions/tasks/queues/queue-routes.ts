/** The routes of queues. A queue is made by its first task. */
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { wakeHint } from '../hints/hint.ts'
import { redrive } from '../states/transitions.ts'
import type { TasksServices } from '../tasks-services.ts'
import type { Queue } from './queue.ts'
import { queueBody, queueListBody, queueParams, redrivenBody, updateQueueBody } from './queue-schemas.ts'

const route = routeOf<TasksServices>()

const PATH = '/api/tasks/queues'
const COUNTED = ['scheduled', 'queued', 'running', 'failed', 'dead'] as const
/** One page of a list: the caller asks again while there are more, and its rate limit is the limit of this. */
const REDRIVEN_AT_ONCE = 100

const listQueues = route({
  method: 'GET',
  path: PATH,
  operationId: 'listTaskQueues',
  summary: 'List queues',
  permission: 'tasks:read',
  answers: { 200: { description: 'All queues, by name.', body: queueListBody } },
  async handle({ principal }, services) {
    const queues = await services.queues.list(principal.workspaceId)
    return {
      status: 200,
      body: { items: await Promise.all(queues.map((queue) => wireOf(services, queue))), nextCursor: null },
    }
  },
})

const getQueue = route({
  method: 'GET',
  path: `${PATH}/{queue}`,
  operationId: 'getTaskQueue',
  summary: 'Read a queue',
  permission: 'tasks:read',
  params: queueParams,
  answers: { 200: { description: 'The queue.', body: queueBody } },
  problems: ['not_found'],
  async handle({ params, principal }, services) {
    return {
      status: 200,
      body: await wireOf(services, known(await services.queues.get(principal.workspaceId, params.queue), params.queue)),
    }
  },
})

const updateQueue = route({
  method: 'PATCH',
  path: `${PATH}/{queue}`,
  operationId: 'updateTaskQueue',
  summary: 'Change how much of a queue runs at once',
  description: 'More takes effect at once; fewer when what runs has ended.',
  permission: 'tasks:manage',
  params: queueParams,
  body: updateQueueBody,
  answers: { 200: { description: 'The changed queue.', body: queueBody } },
  problems: ['not_found'],
  async handle({ params, body, principal, now }, services) {
    const { concurrency } = body
    return changed(services, principal.workspaceId, params.queue, now, (queue) => ({ ...queue, concurrency }))
  },
})

const pauseQueue = route({
  method: 'POST',
  path: `${PATH}/{queue}/pause`,
  operationId: 'pauseTaskQueue',
  summary: 'Pause a queue',
  description: 'What runs is seen through. Within five seconds nothing new is started until the queue is resumed.',
  permission: 'tasks:manage',
  params: queueParams,
  answers: { 200: { description: 'The paused queue.', body: queueBody } },
  problems: ['not_found'],
  handle: ({ params, principal, now }, services) =>
    changed(services, principal.workspaceId, params.queue, now, (queue) => ({ ...queue, paused: true })),
})

const resumeQueue = route({
  method: 'POST',
  path: `${PATH}/{queue}/resume`,
  operationId: 'resumeTaskQueue',
  summary: 'Resume a queue',
  permission: 'tasks:manage',
  params: queueParams,
  answers: { 200: { description: 'The resumed queue.', body: queueBody } },
  problems: ['not_found'],
  handle: ({ params, principal, now }, services) =>
    changed(services, principal.workspaceId, params.queue, now, (queue) => ({ ...queue, paused: false })),
})

const redriveQueue = route({
  method: 'POST',
  path: `${PATH}/{queue}/redrive`,
  operationId: 'redriveTaskQueue',
  summary: 'Bring the dead tasks of a queue back',
  description: 'Up to 100 of them, the latest to die first. Each begins again as with `redriveTask`.',
  permission: 'tasks:manage',
  params: queueParams,
  answers: { 200: { description: 'How many were brought back.', body: redrivenBody } },
  problems: ['not_found'],
  async handle({ params, principal, now }, { queues, lists, tasks, sendHints }) {
    const { workspaceId } = principal
    const queue = known(await queues.get(workspaceId, params.queue), params.queue)
    const dead = { status: 'dead', queue: queue.name } as const
    const { tasks: found, next } = await lists.list(workspaceId, dead, [], REDRIVEN_AT_ONCE, undefined)
    const outcomes = await Promise.all(found.map((task) => tasks.change(task, (latest) => redrive(latest, now), task)))
    await sendHints([{ hint: wakeHint({ workspaceId, queue: queue.name }) }]).catch(() => {})
    const redriven = outcomes.filter(({ kind }) => kind === 'done').length
    return { status: 200, body: { redriven, more: next !== undefined } }
  },
})

export const queueRoutes = [listQueues, getQueue, updateQueue, pauseQueue, resumeQueue, redriveQueue]

/** Changes a queue that exists, and wakes it: there may be more to do now. */
async function changed(
  services: TasksServices,
  workspaceId: string,
  name: string,
  now: Date,
  change: (queue: Queue) => Queue,
) {
  known(await services.queues.get(workspaceId, name), name)
  const queue = await services.queues.change(workspaceId, name, now, (latest) => ({
    ...change(latest),
    version: latest.version + 1,
    wakes: latest.wakes + 1,
  }))
  if (queue?.paused === false) await services.sendHints([{ hint: wakeHint({ workspaceId, queue: name }) }])
  return { status: 200, body: await wireOf(services, known(queue, name)) } as const
}

function known(queue: Queue | undefined, name: string): Queue {
  if (queue === undefined) throw new Problem('not_found', `this workspace has no queue ${name}`)
  return queue
}

async function wireOf({ queues }: TasksServices, { workspaceId, name, paused, concurrency, createdAt }: Queue) {
  const counts = await Promise.all(
    COUNTED.map(async (status) => [status, (await queues.depth(workspaceId, name, status)).count] as const),
  )
  const depth = Object.fromEntries(counts) as Record<(typeof COUNTED)[number], number>
  return { name, paused, concurrency, depth, createdAt }
}
