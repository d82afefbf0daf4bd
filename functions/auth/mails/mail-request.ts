/**
 * What the pages ask for when a mail is due. Asking is all that a page does, for every address alike: whether there is
 * an account is looked up by `send-mails.lambda.ts`, where nobody can see or time it. Holds no secret. Pure.
 */
import * as z from 'zod'
import { DAY, HOUR } from '#core/clock.ts'
import { MAX_EMAIL_LENGTH } from '../people/user.ts'

/** Somebody may register in the evening and read their mail the next day. */
export const REGISTRATION_LIFETIME_MS = DAY
/** OWASP's forgot-password cheat sheet: short. An hour lets slow mail arrive. */
export const RESET_LIFETIME_MS = HOUR

const common = {
  /** `mrq_…`: the link's secret is derived from it, and the mail's task is named by it. Sorts by time. */
  id: z.string().regex(/^mrq_[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
  requestedAt: z.iso.datetime(),
}
const email = z.string().max(MAX_EMAIL_LENGTH)

export const mailRequest = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('registration'), email }),
  z.object({ ...common, kind: z.literal('reset'), email }),
  z.object({ ...common, kind: z.literal('password_changed'), email }),
  z.object({ ...common, kind: z.literal('invitation'), workspaceId: z.string(), invitationId: z.string() }),
])

export type MailRequest = z.infer<typeof mailRequest>
