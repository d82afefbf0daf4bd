/** The routes of tasks. Handlers parse → decide → store → respond; the rules are in `new-task.ts` and `states/transitions.ts`. */
import { answerPage } from '#core/pagination.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { formatTraceparent } from '#core/trace.ts'
import { wakeHint } from '../hints/hint.ts'
import { cancel, redrive, startNow } from '../states/transitions.ts'
import { etagOf, type Task } from '../task.ts'
import type { TasksServices } from '../tasks-services.ts'
import { enqueue } from './enqueue.ts'
import { newTask } from './new-task.ts'
import { createTaskBody, taskBody, taskListBody, taskListQuery, taskParams } from './task-schemas.ts'
import { changedTask, summaryOf, taskDetail, unknownTask } from './task-view.ts'

const route = routeOf<TasksServices>()

const PATH = '/api/tasks/tasks'
const ETAG = { ETag: 'The version of the task, for `If-None-Match`.' }
const ACCEPTED = { Location: 'The path of the task: ask it how far it is.', ...ETAG }

const createTask = route({
  method: 'POST',
  path: PATH,
  operationId: 'createTask',
  summary: 'Make a task',
  description:
    'The task is stored durably with the answer and started as soon as its queue has a free place, or at `runAt`. It ' +
    'is run at least once: what it calls gets the same idempotency key on every try.',
  permission: 'tasks:write',
  body: createTaskBody,
  answers: {
    202: { description: 'The task was made.', body: taskBody, headers: ACCEPTED },
    200: { description: 'The idempotency key made this task before.', body: taskBody, headers: ETAG },
  },
  problems: ['idempotency_key_reused'],
  async handle({ body, principal, trace, now }, services) {
    const { workspaceId } = principal
    const origin = {
      id: services.ids('tsk'),
      workspaceId,
      createdBy: principal.id,
      traceparent: formatTraceparent(trace),
    }
    const idempotencyKey = body.idempotencyKey && `api#${body.idempotencyKey}`
    const request = { ...body, input: body.input, idempotencyKey }
    const decision = newTask(request, origin, services.findDefinition, now)
    if (!decision.ok) throw new Problem('validation_failed', 'See errors for what to change.', decision)
    // What becomes of the hint is in the log of whoever sends the next one; the task is safe.
    const outcome = await enqueue(decision.created, services, now, () => {})
    const { task } = decision.created
    switch (outcome.kind) {
      case 'created':
        return { status: 202, headers: locationOf(task), etag: etagOf(task), body: taskDetail(task, request.input) }
      case 'exists': {
        const before = await found(services, { workspaceId, id: outcome.id })
        return { status: 200, etag: etagOf(before), body: await detailOf(services, before) }
      }
      case 'key_reused':
        throw new Problem('idempotency_key_reused', 'expected the request that the key was first used for, got another')
      case 'too_many_queues':
        throw tooManyQueues(task.queue)
    }
  },
})

const listTasks = route({
  method: 'GET',
  path: PATH,
  operationId: 'listTasks',
  summary: 'List tasks',
  description:
    'The tasks of the workspace, the latest made first; with `status` or `queue`, the latest to enter their status ' +
    'first (scheduled and failed ones by their next time). A change may take a moment to show.',
  permission: 'tasks:read',
  query: taskListQuery,
  answers: { 200: { description: 'A page of tasks.', body: taskListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { lists, queues, cursors }) {
    const { workspaceId } = principal
    const { status, queue, name } = query
    const scope = ['listTasks', workspaceId, status ?? '', queue ?? '', name ?? '']
    const names = status !== undefined && queue === undefined ? await queues.list(workspaceId) : []
    const all = names.map((each) => each.name)
    const body = await answerPage(cursors, scope, query, async (limit, after) => {
      const { tasks, next } = await lists.list(workspaceId, { status, queue, name }, all, limit, after)
      return { items: tasks.map(summaryOf), next }
    })
    return { status: 200, body }
  },
})

const getTask = route({
  method: 'GET',
  path: `${PATH}/{id}`,
  operationId: 'getTask',
  summary: 'Read a task',
  description: 'With its input, result and history.',
  permission: 'tasks:read',
  params: taskParams,
  answers: { 200: { description: 'The task.', body: taskBody, headers: ETAG } },
  problems: ['not_found'],
  async handle({ params, principal }, services) {
    const task = await found(services, { workspaceId: principal.workspaceId, id: params.id })
    return { status: 200, etag: etagOf(task), body: await detailOf(services, task) }
  },
})

const cancelTask = route({
  method: 'POST',
  path: `${PATH}/{id}/cancel`,
  operationId: 'cancelTask',
  summary: 'Cancel a task',
  description:
    'A task that waits is cancelled at once. One that runs is asked to stop, within five seconds; it may still succeed ' +
    'before it hears of it. Cancelling twice is the same as once.',
  permission: 'tasks:write',
  params: taskParams,
  answers: {
    200: { description: 'The task is cancelled.', body: taskBody, headers: ETAG },
    202: { description: 'The task was asked to stop.', body: taskBody, headers: ACCEPTED },
  },
  problems: ['not_found', 'task_state'],
  async handle({ params, principal, now }, services) {
    const ref = { workspaceId: principal.workspaceId, id: params.id }
    const changed = await services.tasks.change(ref, (task) => cancel(task, now))
    const task = changedTask(changed, ref, 'one that has not ended')
    const body = await detailOf(services, task)
    if (task.status === 'cancelled') return { status: 200, etag: etagOf(task), body }
    return { status: 202, headers: locationOf(task), etag: etagOf(task), body }
  },
})

const retryTask = route({
  method: 'POST',
  path: `${PATH}/{id}/retry`,
  operationId: 'retryTask',
  summary: 'Start a waiting task now',
  description: 'A task that waits for its time, or for its next try, is queued at once. What failed stays counted.',
  permission: 'tasks:write',
  params: taskParams,
  answers: { 202: { description: 'The task is queued.', body: taskBody, headers: ACCEPTED } },
  problems: ['not_found', 'task_state'],
  async handle({ params, principal, now }, services) {
    const ref = { workspaceId: principal.workspaceId, id: params.id }
    const changed = await services.tasks.change(ref, (task) => startNow(task, now))
    return queued(changedTask(changed, ref, 'one that waits'), services)
  },
})

const redriveTask = route({
  method: 'POST',
  path: `${PATH}/{id}/redrive`,
  operationId: 'redriveTask',
  summary: 'Bring a dead or cancelled task back',
  description: 'It begins again with the same id, input and history; failures and crashes are counted anew.',
  permission: 'tasks:write',
  params: taskParams,
  answers: { 202: { description: 'The task is queued.', body: taskBody, headers: ACCEPTED } },
  problems: ['not_found', 'task_state'],
  async handle({ params, principal, now }, services) {
    const ref = { workspaceId: principal.workspaceId, id: params.id }
    const changed = await services.tasks.change(ref, (task) => redrive(task, now))
    return queued(changedTask(changed, ref, 'one that is dead or cancelled'), services)
  },
})

export const taskRoutes = [createTask, listTasks, getTask, cancelTask, retryTask, redriveTask]

const locationOf = ({ id }: Task) => ({ Location: `${PATH}/${id}` })

async function queued(task: Task, services: TasksServices) {
  // The stream tells of it too, a moment later.
  await services.sendHints([{ hint: wakeHint(task) }]).catch(() => {})
  const body = await detailOf(services, task)
  return { status: 202, headers: locationOf(task), etag: etagOf(task), body } as const
}

async function found({ tasks }: TasksServices, ref: { workspaceId: string; id: string }): Promise<Task> {
  const task = await tasks.get(ref)
  if (task === undefined) throw unknownTask(ref.id)
  return task
}

const detailOf = async ({ tasks }: TasksServices, task: Task) => taskDetail(task, (await tasks.input(task)) ?? null)

const tooManyQueues = (queue: string): Problem =>
  new Problem('validation_failed', 'See errors for what to change.', {
    errors: [
      { pointer: '/queue', code: 'too_many_queues', detail: `expected one of the existing queues, got ${queue}` },
    ],
  })
