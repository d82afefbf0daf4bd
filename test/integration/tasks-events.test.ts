import { beforeAll, expect, inject, it } from 'vitest'
import { TASK_EVENTS } from '../../functions/tasks/events.ts'
import { type BusListener, type Heard, listen } from '../chaos/bus-listener.ts'
import { eventually, newWorkspace, type Workspace } from './links-cloud.ts'
import { makeTask, type Receiver, request, startReceiver, TASKS } from './tasks-cloud.ts'

let workspace: Workspace
let receiver: Receiver
let bus: BusListener
beforeAll(async () => {
  receiver = await startReceiver((path, response) => {
    response.writeHead({ '/ok': 200, '/gone': 410 }[path] ?? 503).end()
  })
  workspace = await newWorkspace()
  bus = await listen(inject('outputs'), 'backlot.tasks', workspace.id)
  return async () => {
    await receiver.close()
    await bus.close()
  }
})

it('every end and every failure of a task is told on the bus, as its schema says', async () => {
  const ok = await makeTask(workspace, request(`${receiver.url}/ok`))
  const gone = await makeTask(workspace, request(`${receiver.url}/gone`))
  const busy = await makeTask(workspace, request(`${receiver.url}/busy`))
  const never = await makeTask(workspace, request(receiver.url, { runAt: new Date(Date.now() + 1e8).toISOString() }))
  await workspace.call('POST', `${TASKS}/${never.id}/cancel`)

  const received: Heard[] = []
  await eventually(
    async () => {
      received.push(...(await bus.hear()))
      return new Set(received.map(({ data }) => data['taskId'])).size
    },
    (tasks) => tasks >= 4,
  )
  const told = (task: { id: string }) =>
    received.filter(({ data }) => data['taskId'] === task.id).map(({ type }) => type)
  expect([ok, gone, never].map(told)).toEqual([['TaskSucceeded'], ['TaskDied'], ['TaskCancelled']])
  expect(told(busy)[0]).toBe('TaskFailed')
  for (const event of received) {
    const parsed = TASK_EVENTS[event.type as keyof typeof TASK_EVENTS].parse(event)
    expect(parsed.workspaceId).toBe(workspace.id)
  }
})
