/** What a batch of clicks adds up to, and how it is cut into transactions. Pure. */
import { audienceOf } from './audience.ts'
import type { Click } from './click.ts'

/** One link on one day (UTC). */
export interface Tally {
  readonly linkId: string
  /** `YYYY-MM-DD` */
  readonly date: string
  readonly clicks: number
  readonly bots: number
}

/** TransactWriteItems takes 100 actions. */
export const MAX_ACTIONS = 100

export const dayOf = (occurredAt: string): string => new Date(occurredAt).toISOString().slice(0, 10)

/** Sums per link and day, people and bots apart. */
export function tally(clicks: readonly Click[]): readonly Tally[] {
  const sums = new Map<string, Tally>()
  for (const click of clicks) {
    const date = dayOf(click.occurredAt)
    const key = `${click.linkId} ${date}`
    const before = sums.get(key) ?? { linkId: click.linkId, date, clicks: 0, bots: 0 }
    const isBot = audienceOf(click.userAgent).kind === 'bot'
    sums.set(key, {
      ...before,
      clicks: before.clicks + (isBot ? 0 : 1),
      bots: before.bots + (isBot ? 1 : 0),
    })
  }
  return [...sums.values()]
}

/** The same per link, over all days. */
export function totals(tallies: readonly Tally[]): readonly Omit<Tally, 'date'>[] {
  const sums = new Map<string, Omit<Tally, 'date'>>()
  for (const { linkId, clicks, bots } of tallies) {
    const before = sums.get(linkId) ?? { linkId, clicks: 0, bots: 0 }
    sums.set(linkId, { linkId, clicks: before.clicks + clicks, bots: before.bots + bots })
  }
  return [...sums.values()]
}

/** A click needs its marker, and at worst a day's and a total's counter of its own. */
const ACTIONS_PER_CLICK = 3
const CLICKS_PER_TRANSACTION = Math.floor(MAX_ACTIONS / ACTIONS_PER_CLICK)

/** Every event once, in groups that fit into one transaction whatever they hold. */
export function transactionsOf(clicks: readonly Click[]): readonly (readonly Click[])[] {
  const once = [...new Map(clicks.map((click) => [click.eventId, click])).values()]
  const groups: Click[][] = []
  for (let start = 0; start < once.length; start += CLICKS_PER_TRANSACTION)
    groups.push(once.slice(start, start + CLICKS_PER_TRANSACTION))
  return groups
}
