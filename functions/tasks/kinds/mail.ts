/** A mail as the rest of the product speaks of it. Pure. */
export interface Mail {
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly replyTo?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** Resolves to the id that the mail service gave it. Rejects with `MailRefusedError` or with what the SDK throws. */
export type SendMail = (mail: Mail) => Promise<{ readonly messageId: string }>

/** The mail service does not take this mail and never will: an address or a sender that it refuses. */
export class MailRefusedError extends Error {
  override readonly name = 'MailRefusedError'
}
