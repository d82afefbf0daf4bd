/** Sends clicks to the queue. No SDK, see `aws-call.store.ts`. Never reads. */
import { formatTraceparent, type TraceContext } from '#core/trace.ts'
import type { Click } from '../clicks/click.ts'
import type { AwsCall } from './aws-call.store.ts'

/** Rejects with `AwsCallError`. Sending a click again is harmless: it is counted once per `eventId`. */
export type SendClick = (click: Click, trace: TraceContext) => Promise<void>

const SEND_MESSAGE = 'AmazonSQS.SendMessage'

export const createSendClick =
  (call: AwsCall, queueUrl: string): SendClick =>
  async (click, trace) => {
    const body = {
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify(click),
      MessageAttributes: { traceparent: { DataType: 'String', StringValue: formatTraceparent(trace) } },
    }
    await call(SEND_MESSAGE, JSON.stringify(body))
  }
