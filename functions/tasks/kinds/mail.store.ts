/** Sends mails by SES v1, the version that every target has. */
import { MessageRejected, type SESClient, SendEmailCommand } from '@aws-sdk/client-ses'
import { MailRefusedError, type SendMail } from './mail.ts'

const content = (Data: string) => ({ Data, Charset: 'UTF-8' })

/** `from` is the verified sender: `Backlot <no-reply@backlot.example>`. */
export const createSendMail =
  (client: SESClient, from: string): SendMail =>
  async ({ to, subject, text, html, replyTo, tags = {} }) => {
    try {
      const { MessageId = '' } = await client.send(
        new SendEmailCommand({
          Source: from,
          Destination: { ToAddresses: [...to] },
          Message: { Subject: content(subject), Body: { Text: content(text), Html: content(html) } },
          ...(replyTo !== undefined && { ReplyToAddresses: [replyTo] }),
          Tags: Object.entries(tags).map(([Name, Value]) => ({ Name, Value })),
        }),
      )
      return { messageId: MessageId }
    } catch (error) {
      if (error instanceof MessageRejected) throw new MailRefusedError(error.message, { cause: error })
      throw error
    }
  }
