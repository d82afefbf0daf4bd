/** The task `email.send`: one mail, whose text and HTML the caller rendered. */
import * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import { MailRefusedError } from './mail.ts'
import { defineTask, PermanentError } from './task-definition.ts'

/** SES takes 50 recipients: https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
const MAX_RECIPIENTS = 50
/** RFC 5322 §2.1.1: a line has at most 998 characters. */
const MAX_SUBJECT_LENGTH = 900
const MAX_TEXT_LENGTH = 50_000
/** SES: 50 tags, letters, digits, hyphen and underscore. */
const MAX_TAGS = 10
const TAG = /^[\w-]{1,256}$/

/** A line feed in a header would begin another header. */
const oneLine = z.string().regex(/^[^\p{Cc}]*$/u)

export const emailInput = z.strictObject({
  to: z.array(z.email().max(320)).min(1).max(MAX_RECIPIENTS),
  subject: oneLine.min(1).max(MAX_SUBJECT_LENGTH),
  text: z.string().min(1).max(MAX_TEXT_LENGTH),
  html: z.string().min(1).max(MAX_TEXT_LENGTH),
  replyTo: z.email().max(320).optional(),
  tags: z
    .record(z.string().regex(TAG), z.string().regex(TAG))
    .refine((tags) => Object.keys(tags).length <= MAX_TAGS, `expected at most ${MAX_TAGS} tags`)
    .optional(),
})

export const emailSend = defineTask({
  name: 'email.send',
  description:
    'Sends one mail by SES. A mail may arrive twice when a process dies between sending and recording it: SES knows no ' +
    'idempotency key.',
  input: emailInput,
  timeoutMs: 30 * SECOND,
  async handler(mail, { sendMail }) {
    try {
      return await sendMail(mail)
    } catch (error) {
      if (error instanceof MailRefusedError) throw new PermanentError('mail_refused', error.message, { cause: error })
      throw error
    }
  },
})
