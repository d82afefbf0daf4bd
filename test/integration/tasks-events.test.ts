import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { TASK_EVENTS } from '../../functions/tasks/events.ts'
import { platformNames } from '../../infra/environments.ts'
import { clientFor } from '../../local/aws.ts'
import { eventually, newWorkspace, type Workspace } from './links-cloud.ts'
import { makeTask, type Receiver, request, startReceiver, TASKS } from './tasks-cloud.ts'

const options = clientFor(inject('outputs'))
const events = new EventBridgeClient(options)
const sqs = new SQSClient(options)
const { bus } = platformNames({ prefix: 'backlot' })
const name = `test-tasks-${crypto.randomUUID()}`

let workspace: Workspace
let receiver: Receiver
let queue: string
beforeAll(async () => {
  receiver = await startReceiver((path, response) => {
    response.writeHead({ '/ok': 200, '/gone': 410 }[path] ?? 503).end()
  })
  workspace = await newWorkspace()
  queue = (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? ''
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['QueueArn'] }),
  )
  const pattern = { source: ['backlot.tasks'], detail: { workspaceId: [workspace.id] } }
  await events.send(new PutRuleCommand({ Name: name, EventBusName: bus, EventPattern: JSON.stringify(pattern) }))
  await events.send(
    new PutTargetsCommand({ Rule: name, EventBusName: bus, Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn }] }),
  )
})
afterAll(async () => {
  await receiver.close()
  await events.send(new RemoveTargetsCommand({ Rule: name, EventBusName: bus, Ids: ['queue'] }))
  await events.send(new DeleteRuleCommand({ Name: name, EventBusName: bus }))
  await sqs.send(new DeleteQueueCommand({ QueueUrl: queue }))
})

it('every end and every failure of a task is told on the bus, as its schema says', async () => {
  const ok = await makeTask(workspace, request(`${receiver.url}/ok`))
  const gone = await makeTask(workspace, request(`${receiver.url}/gone`))
  const busy = await makeTask(workspace, request(`${receiver.url}/busy`))
  const never = await makeTask(workspace, request(receiver.url, { runAt: new Date(Date.now() + 1e8).toISOString() }))
  await workspace.call('POST', `${TASKS}/${never.id}/cancel`)

  const received: { 'detail-type': keyof typeof TASK_EVENTS; detail: { data: { taskId: string } } }[] = []
  await eventually(
    async () => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }))
      received.push(...Messages.map(({ Body = '' }) => JSON.parse(Body)))
      return new Set(received.map(({ detail }) => detail.data.taskId)).size
    },
    (tasks) => tasks >= 4,
  )
  const told = (task: { id: string }) =>
    received.filter(({ detail }) => detail.data.taskId === task.id).map((event) => event['detail-type'])
  expect([ok, gone, never].map(told)).toEqual([['TaskSucceeded'], ['TaskDied'], ['TaskCancelled']])
  expect(told(busy)[0]).toBe('TaskFailed')
  for (const event of received) {
    const parsed = TASK_EVENTS[event['detail-type']].parse(event.detail)
    expect(parsed.workspaceId).toBe(workspace.id)
  }
})
