/** What the links service tells of counted clicks, as far as this service reads it, and the files made of it. Pure. */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { CLICKS_DATASET } from '../catalog/built-in.ts'

const click = z.looseObject({ eventId: z.string(), occurredAt: z.iso.datetime() })

/** A message of the queue: EventBridge's frame around the event. */
export const clicksMessage = z.object({
  detail: z.object({
    type: z.literal('ClicksRecorded'),
    version: z.literal(1),
    workspaceId: z.string(),
    data: z.object({ clicks: z.array(click) }),
  }),
})
export type ClicksMessage = z.infer<typeof clicksMessage>

export interface ClicksFile {
  /** The same clicks have the same key. */
  readonly key: string
  /** NDJSON. */
  readonly body: string
}

/** One file for each workspace, each click once, in the order of their ids. */
export function clicksFiles(messages: readonly ClicksMessage[]): readonly ClicksFile[] {
  const byWorkspace = Map.groupBy(messages, ({ detail }) => detail.workspaceId)
  return [...byWorkspace].map(([workspaceId, all]) => {
    const clicks = all.flatMap(({ detail }) => detail.data.clicks)
    const once = [...new Map(clicks.map((one) => [one.eventId, one])).values()]
    once.sort((a, b) => (a.eventId < b.eventId ? -1 : 1))
    const body = once.map((one) => `${JSON.stringify(one)}\n`).join('')
    const sha256 = createHash('sha256').update(body).digest('hex')
    return { key: `${workspaceId}/${CLICKS_DATASET}/${sha256}.ndjson`, body }
  })
}
