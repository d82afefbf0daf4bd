/**
 * Counted clicks as events for others: ClicksRecorded, one for each workspace in a batch. At least once: when a batch is
 * handled again its clicks are told again, and who hears of them knows a click by its `eventId`. Pure.
 */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { type BusEvent, eventSchema } from '#core/event.ts'
import { newUlid } from '#core/ids.ts'
import { LINK_ID } from '../link.ts'
import { audienceOf } from './audience.ts'
import type { Click } from './click.ts'

const recorded = z.object({
  eventId: z.string(),
  occurredAt: z.iso.datetime(),
  linkId: z.string().regex(LINK_ID),
  slug: z.string(),
  audience: z.enum(['person', 'bot']),
  userAgent: z.string(),
  referrerHost: z.string().nullable(),
  country: z.string().nullable(),
})

/** A batch of the queue has at most 10 clicks of about 1 kB: far below the bus's 256 kB for an event. */
export const clicksRecorded = eventSchema('ClicksRecorded', 1, z.object({ clicks: z.array(recorded).min(1) }))

/** The same clicks give the same event. */
export function clicksRecordedBy(clicks: readonly Click[]): readonly BusEvent[] {
  const byWorkspace = Map.groupBy(clicks, ({ workspaceId }) => workspaceId)
  return [...byWorkspace].map(([workspaceId, all]) => {
    const once = [...new Map(all.map((click) => [click.eventId, click])).values()]
    const occurredAt =
      once
        .map((click) => click.occurredAt)
        .sort()
        .at(-1) ?? ''
    return {
      id: eventId(once, occurredAt),
      type: 'ClicksRecorded',
      version: 1,
      occurredAt,
      workspaceId,
      // A batch is told as a whole and never changes.
      sequence: 1,
      data: { clicks: once.map(recordOf) },
    }
  })
}

function recordOf(click: Click) {
  const { version: _, workspaceId: __, ...visit } = click
  return { ...visit, audience: audienceOf(click.userAgent).kind }
}

function eventId(clicks: readonly Click[], occurredAt: string): string {
  const names = clicks.map((click) => click.eventId).sort()
  const digest = createHash('sha256').update(names.join('\n')).digest()
  let used = 0
  const bytes = (count: number) => {
    used += count
    return digest.subarray(used - count, used)
  }
  return `evt_${newUlid({ now: () => new Date(occurredAt) }, { bytes })}`
}
