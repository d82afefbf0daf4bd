/** Asks for mails by the queue `backlot-auth-mails`. Never reads. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { formatTraceparent, type TraceContext } from '#core/trace.ts'
import type { MailRequest } from './mail-request.ts'

/** Resolves when the request is stored durably. */
export type RequestMail = (request: MailRequest, trace: TraceContext) => Promise<void>

export const createRequestMail =
  (client: SQSClient, queueUrl: string): RequestMail =>
  async (request, trace) => {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(request),
        MessageAttributes: { traceparent: { DataType: 'String', StringValue: formatTraceparent(trace) } },
      }),
    )
  }
