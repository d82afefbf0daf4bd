/** Sends messages to one queue, in batches. */
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'

export interface Message {
  /** JSON with the trace of what led to it. */
  readonly body: { readonly traceparent: string } & Readonly<Record<string, unknown>>
}

/** For each message whether the queue took it. Rejects when the whole call failed. Sending again is harmless. */
export type SendMessages = (messages: readonly Message[]) => Promise<readonly boolean[]>

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const MAX_BATCH = 10

export const createSendMessages =
  (client: SQSClient, queueUrl: string): SendMessages =>
  async (messages) => {
    const batches: (readonly Message[])[] = []
    for (let start = 0; start < messages.length; start += MAX_BATCH)
      batches.push(messages.slice(start, start + MAX_BATCH))
    return (await Promise.all(batches.map((batch) => sendBatch(client, queueUrl, batch)))).flat()
  }

async function sendBatch(client: SQSClient, queueUrl: string, batch: readonly Message[]): Promise<readonly boolean[]> {
  const Entries = batch.map(({ body }, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(body),
    // An empty attribute is refused; a message without one begins a trace of its own.
    ...(body.traceparent !== '' && {
      MessageAttributes: { traceparent: { DataType: 'String', StringValue: body.traceparent } },
    }),
  }))
  const { Successful = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }))
  const taken = new Set(Successful.map(({ Id }) => Id))
  return batch.map((_, index) => taken.has(String(index)))
}
