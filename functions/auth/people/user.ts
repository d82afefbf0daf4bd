/** People: how an address is compared, and what a user is. Pure. */
import * as z from 'zod'

export const USER_ID = /^usr_[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** RFC 5321 §4.5.3.1.3: a path of 256 octets with its angle brackets. */
export const MAX_EMAIL_LENGTH = 254

export interface User {
  readonly id: string
  /** Normalised, and shown to be theirs by a mail. */
  readonly email: string
  readonly passwordHash: string
  /** Rises when everything that was signed in before shall end: sessions and tokens hold the value of their time. */
  readonly epoch: number
  readonly createdAt: string
  readonly passwordChangedAt: string
}

const address = z.email()

/**
 * The form in which addresses are stored and compared: NFC, lower case. Mail systems may tell `A@x` from `a@x`
 * (RFC 5321 §2.4), people don't. Undefined for what is no address.
 */
export function normaliseEmail(input: string): string | undefined {
  const email = input.trim().normalize('NFC').toLowerCase()
  return email.length <= MAX_EMAIL_LENGTH && address.safeParse(email).success ? email : undefined
}
