/** Sends hints, in batches. */
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { DelayedHint } from './hint.ts'

/** Rejects when the queue did not take all of them. Sending a hint again is harmless. */
export type SendHints = (hints: readonly DelayedHint[]) => Promise<void>

/** SendMessageBatch takes 10 messages. */
const MAX_BATCH = 10

export const createSendHints =
  (client: SQSClient, queueUrl: string): SendHints =>
  async (hints) => {
    for (let start = 0; start < hints.length; start += MAX_BATCH) {
      const Entries = hints.slice(start, start + MAX_BATCH).map(({ hint, delaySeconds = 0 }, index) => ({
        Id: String(index),
        MessageBody: JSON.stringify(hint),
        DelaySeconds: delaySeconds,
      }))
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }))
      const [first] = Failed
      if (first !== undefined)
        throw Object.assign(
          new Error(`expected ${Entries.length} hints to be taken, ${Failed.length} were not: ${first.Code}`),
          {
            name: first.SenderFault === true ? 'HintRefused' : 'ServiceUnavailable',
          },
        )
    }
  }
