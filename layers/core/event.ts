/**
 * The envelope of every event on the bus. Consumers see an event at least once and in any order: `id` tells a repeated
 * one, `sequence` an older one of the same object. Pure.
 */
import * as z from 'zod'

/** Of every event, whatever it tells. */
const envelope = {
  /** `evt_…`; the same when the event is published again. */
  id: z.string().regex(/^evt_/),
  /** RFC 3339, UTC: when the change was made. */
  occurredAt: z.iso.datetime(),
  workspaceId: z.string(),
  /** Rises with every change of one object, from 1. */
  sequence: z.int().positive(),
  /** Of the request that made the change (W3C Trace Context). */
  traceparent: z.string().optional(),
}

/**
 * The schema of one event type in one version. A change that old consumers can't read is a new version, published
 * beside the old one; further fields are not such a change, consumers ignore what they don't know.
 */
export const eventSchema = <const Type extends string, const Version extends number, Data extends z.ZodType>(
  type: Type,
  version: Version,
  data: Data,
) => z.object({ ...envelope, type: z.literal(type), version: z.literal(version), data })

/** What all events have in common, for code that is about none of them. */
export interface BusEvent<Data = unknown> {
  readonly id: string
  readonly type: string
  readonly version: number
  readonly occurredAt: string
  readonly workspaceId: string
  readonly sequence: number
  readonly traceparent?: string | undefined
  readonly data: Data
}
