/**
 * The transactional outbox: changes of a table, read from its stream, become events on the bus. The write of the object
 * is the write of the event, so none is lost and none told that did not happen. Events are published at least once.
 *
 *     request   put the item ─ answer
 *     stream                 ├ record ─ PutEvents ✗ ─ retry: the record and all behind it ─ PutEvents ✓
 *     bus                                                                            the same event id
 */
import { createHash } from 'node:crypto'
import { isUnavailable } from './dependency.ts'
import type { BusEvent } from './event.ts'
import { newUlid } from './ids.ts'
import { type Invocation, logTraces } from './invocation.ts'
import type { InvocationLog } from './log.ts'
import type { TableChange } from './stream.ts'

/** What a change tells. The outbox adds the id. */
export type OutboxEvent = Omit<BusEvent, 'id'>

export interface BusEntry {
  readonly source: string
  readonly detailType: string
  readonly occurredAt: Date
  /** JSON of the `BusEvent`. */
  readonly detail: string
}

/** For each entry the bus's error code, or undefined when it took the entry. Throws when the whole call failed. */
export type PutEntries = (entries: readonly BusEntry[]) => Promise<readonly (string | undefined)[]>

export interface OutboxOptions<Image> {
  /** `backlot.<service>`. */
  readonly source: `backlot.${string}`
  readonly put: PutEntries
  /** Pure: the same change gives the same event on every try. Undefined: the change is nobody else's business. */
  readonly eventOf: (change: TableChange<Image>) => OutboxEvent | undefined
}

/** PutEvents' limits (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html): entries in a call, and bytes of them all. */
export const MAX_ENTRIES = 10
export const MAX_CALL_BYTES = 256 * 1024
/** What EventBridge counts for an entry's time. */
const TIME_BYTES = 14

interface Outgoing {
  readonly sequenceNumber: string
  readonly entry: BusEntry
  readonly bytes: number
  readonly traceparent: string | undefined
}

/** The `handle` of a `streamHandler`: gives the sequence numbers of the changes whose events the bus did not take. */
export const outbox =
  <Image>(options: OutboxOptions<Image>) =>
  async (changes: readonly TableChange<Image>[], invocation: Invocation): Promise<readonly string[]> => {
    const outgoing = changes.flatMap((change) => {
      const event = options.eventOf(change)
      return event === undefined ? [] : [outgoingOf(change, event, options.source)]
    })
    const { log, traceFrom } = invocation
    logTraces(
      log,
      outgoing.flatMap(({ traceparent }) => (traceparent === undefined ? [] : [traceFrom(traceparent).traceId])),
    )
    const failed: string[] = []
    for (const call of calls(outgoing)) failed.push(...(await publish(call, options.put, log)))
    log.metric('publishedEvents', outgoing.length - failed.length)
    return failed
  }

/** A call that failed as a whole fails its own records only: those of other calls may have gone out. */
async function publish(call: readonly Outgoing[], put: PutEntries, log: InvocationLog): Promise<readonly string[]> {
  try {
    const codes = await put(call.map(({ entry }) => entry))
    return call.flatMap(({ sequenceNumber, entry, bytes }, index) => {
      const code = codes[index]
      if (code === undefined) return []
      log.note('warn', 'event not taken', { sequenceNumber, type: entry.detailType, bytes, code })
      return [sequenceNumber]
    })
  } catch (error) {
    log.fail(error, isUnavailable(error) ? 'warn' : 'error')
    return call.map(({ sequenceNumber }) => sequenceNumber)
  }
}

function outgoingOf<Image>(change: TableChange<Image>, event: OutboxEvent, source: string): Outgoing {
  const detail = JSON.stringify({ id: eventId(change, event), ...event } satisfies BusEvent)
  const entry = { source, detailType: event.type, occurredAt: new Date(event.occurredAt), detail }
  const bytes = TIME_BYTES + [source, event.type, detail].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return { sequenceNumber: change.sequenceNumber, entry, bytes, traceparent: event.traceparent }
}

/** A ULID whose random part is the hash of where the change stands in its stream: the same on every try. */
function eventId<Image>({ streamArn, sequenceNumber }: TableChange<Image>, { type, occurredAt }: OutboxEvent): string {
  const digest = createHash('sha256').update(`${streamArn}\n${sequenceNumber}\n${type}`).digest()
  let used = 0
  const bytes = (count: number) => {
    used += count
    return digest.subarray(used - count, used)
  }
  return `evt_${newUlid({ now: () => new Date(occurredAt) }, { bytes })}`
}

/** In order. An event that is too large for any call goes alone, so that the bus refuses it alone. */
function calls(outgoing: readonly Outgoing[]): readonly (readonly Outgoing[])[] {
  const all: Outgoing[][] = []
  let room = 0
  for (const one of outgoing) {
    const last = all.at(-1)
    if (last !== undefined && last.length < MAX_ENTRIES && one.bytes <= room) {
      last.push(one)
      room -= one.bytes
    } else {
      all.push([one])
      room = MAX_CALL_BYTES - one.bytes
    }
  }
  return all
}
