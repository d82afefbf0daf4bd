/**
 * The mails that a LocalStack keeps instead of delivering them (https://docs.localstack.cloud/aws/services/ses/). Local
 * clouds only. Never sends.
 */
import * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import type { ReceivedMail } from './inbox.ts'

export interface InboxStore {
  /** Newest first; those to this address, when one is given. */
  list(to: string | undefined): Promise<readonly ReceivedMail[]>
}

const MESSAGES_PATH = '/_aws/ses'
const TIMEOUT_MS = 5 * SECOND

const message = z.object({
  Id: z.string(),
  Source: z.string(),
  Timestamp: z.string(),
  Subject: z.string().default(''),
  Destination: z.object({ ToAddresses: z.array(z.string()).default([]) }).default({ ToAddresses: [] }),
  Body: z
    .object({ text_part: z.string().nullish(), html_part: z.string().nullish() })
    .default({ text_part: '', html_part: '' }),
})
const answer = z.object({ messages: z.array(message) })

/** `endpoint` is the emulator's: `http://127.0.0.1:4566`. */
export const createInboxStore = (endpoint: string): InboxStore => ({
  async list(to) {
    const response = await fetch(`${endpoint}${MESSAGES_PATH}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    // LocalStack knows the path from the first call of SES on.
    if (response.status === 404) return []
    const { messages } = answer.parse(await response.json())
    return messages
      .map(({ Id, Source, Timestamp, Subject, Destination, Body }) => ({
        id: Id,
        from: Source,
        to: Destination.ToAddresses,
        subject: Subject,
        text: Body.text_part ?? '',
        html: Body.html_part ?? '',
        sentAt: new Date(Timestamp).toISOString(),
      }))
      .filter((mail) => to === undefined || mail.to.some((address) => address.toLowerCase() === to.toLowerCase()))
      .reverse()
  },
})
