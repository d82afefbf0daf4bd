/** Hears one service's events of one workspace, as any consumer would: a rule of its own and a queue behind it. */
import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { BusEvent } from '#core/event.ts'
import { platformNames } from '../../infra/environments.ts'
import { clientFor } from '../../local/aws.ts'
import type { Outputs } from '../../local/outputs.ts'

export type Heard = BusEvent<Readonly<Record<string, unknown>>>

export interface BusListener {
  /** What came since the last call; waits up to a second for the first. */
  hear(): Promise<readonly Heard[]>
  close(): Promise<void>
}

const MAX_BATCH = 10

export async function listen(outputs: Outputs, source: string, workspaceId: string): Promise<BusListener> {
  const events = new EventBridgeClient(clientFor(outputs))
  const sqs = new SQSClient(clientFor(outputs))
  const { bus } = platformNames({ prefix: 'backlot' })
  const name = `test-${source.replace('.', '-')}-${crypto.randomUUID()}`
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }))
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }))
  const rule = {
    EventBusName: bus,
    EventPattern: JSON.stringify({ source: [source], detail: { workspaceId: [workspaceId] } }),
  }
  await events.send(new PutRuleCommand({ Name: name, ...rule }))
  await events.send(
    new PutTargetsCommand({ Rule: name, EventBusName: bus, Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn }] }),
  )
  return {
    async hear() {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: MAX_BATCH, WaitTimeSeconds: 1 }),
      )
      if (Messages.length === 0) return []
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }))
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))
      return Messages.map(({ Body = '{}' }) => eventOf(JSON.parse(Body)))
    },
    async close() {
      await events.send(new RemoveTargetsCommand({ Rule: name, EventBusName: bus, Ids: ['queue'] }))
      await events.send(new DeleteRuleCommand({ Name: name, EventBusName: bus }))
      await sqs.send(new DeleteQueueCommand({ QueueUrl }))
    },
  }
}

/** The frame's names are what rules go by, the envelope's what consumers read: they have to be the same. */
function eventOf(frame: { readonly 'detail-type': string; readonly detail: Heard }): Heard {
  if (frame['detail-type'] !== frame.detail.type)
    throw new Error(`expected the detail type ${frame.detail.type}, got ${frame['detail-type']}`)
  return frame.detail
}
