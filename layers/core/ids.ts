import { ulid } from 'ulid'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** Makes ids that sort by the time they were made: `ids('lnk')` → `lnk_01JD2Z8S0V9Q…` (a ULID of 26 characters). */
export type Ids = (prefix: string) => string

/** ULID §"Components": 48 bits of milliseconds, 80 random bits, Crockford's base32 in upper case. */
export const ULID_LENGTH = 26
export const ULID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

const BYTE_VALUES = 256

/** The bare ULID, for ids that are part of something else (API keys). */
export const newUlid = (clock: Clock, random: Random): string =>
  // One byte for each of the 16 random characters: 256 is a multiple of 32, so no character is favoured.
  ulid(clock.now().getTime(), () => (random.bytes(1)[0] ?? 0) / BYTE_VALUES)

export const createIds =
  (clock: Clock, random: Random): Ids =>
  (prefix) =>
    `${prefix}_${newUlid(clock, random)}`
