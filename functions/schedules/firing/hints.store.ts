/** Sends hints, in batches, each delayed to its second. */
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { delaySeconds, type Hint } from './hint.ts'

/** Rejects when the queue did not take all of them. Sending a hint again is harmless. */
export type SendHints = (hints: readonly Hint[], now: Date) => Promise<void>

/** SendMessageBatch takes 10 messages. */
const MAX_BATCH = 10
/** Calls at a time: a tick may have thousands of hints. */
const PARALLEL = 8

export const createSendHints =
  (client: SQSClient, queueUrl: string): SendHints =>
  async (hints, now) => {
    for (let start = 0; start < hints.length; start += MAX_BATCH * PARALLEL)
      await Promise.all(
        Array.from({ length: PARALLEL }, async (_, part) => {
          const from = start + part * MAX_BATCH
          await sendBatch(client, queueUrl, hints.slice(from, from + MAX_BATCH), now)
        }),
      )
  }

async function sendBatch(client: SQSClient, queueUrl: string, hints: readonly Hint[], now: Date): Promise<void> {
  if (hints.length === 0) return
  const Entries = hints.map((hint, index) => ({
    Id: String(index),
    MessageBody: JSON.stringify(hint),
    DelaySeconds: delaySeconds(hint.dueAt ?? hint.nominalAt, now),
  }))
  const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }))
  const [first] = Failed
  if (first === undefined) return
  throw Object.assign(
    new Error(`expected ${Entries.length} hints to be taken, ${Failed.length} were not: ${first.Code}`),
    { name: first.SenderFault === true ? 'HintRefused' : 'ServiceUnavailable' },
  )
}
