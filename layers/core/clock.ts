/** The one source of time. Injected everywhere, so that a test decides what "now" is. */
export interface Clock {
  now(): Date
}

/** The machine's clock. Only composition roots (`*.lambda.ts`, `local/`) pass it in. */
export const systemClock: Clock = { now: () => new Date() }

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Whole seconds since the Unix epoch, the unit of DynamoDB's TTL attribute. */
export const epochSeconds = (date: Date): number => Math.floor(date.getTime() / SECOND)
