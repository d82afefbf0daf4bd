/**
 * The wrapper of table streams. Lambda keeps the order of a shard: everything from the first failed sequence number on
 * comes back, again and again, until it succeeds or the source gives up
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html). So the answer names one record,
 * the first that failed, and a handler sees records again that it had already handled.
 *
 * When the source gives up it drops the failed record and all that came with it behind it. That is why a record that
 * can't be read does not hold back the handling of those behind it: they are handled, although they will come again.
 * The kit's own items (idempotency, rate limits) are never handed over.
 */
import { unmarshall } from '@aws-sdk/util-dynamodb'
import * as z from 'zod'
import { isUnavailable } from './dependency.ts'
import { describeIssue, fieldErrors } from './field-errors.ts'
import { type EventHandler, eventHandler, type Invocation, type WrapperOptions } from './invocation.ts'
import type { BatchResponse } from './sqs.ts'
import { KIT_PREFIX, type TableKey } from './table.ts'

/** One change of one item. `Image` is the type of the items that the handler is interested in. */
export interface TableChange<Image = Readonly<Record<string, unknown>>> {
  readonly kind: 'INSERT' | 'MODIFY' | 'REMOVE'
  /** Names the record in the answer; rises within a shard. */
  readonly sequenceNumber: string
  readonly key: TableKey
  /** The item before the change, when the stream carries old images. */
  readonly before: Image | undefined
  readonly after: Image | undefined
  /** When DynamoDB saw the change, to the second. */
  readonly at: Date
  /** Removed by TTL, not by anybody. */
  readonly expired: boolean
  readonly streamArn: string
}

export interface StreamHandlerOptions<Schema extends z.ZodType> extends WrapperOptions {
  /** Of an item. Items of other kinds are to be left out by `wants`. */
  readonly schema: Schema
  /** Decides by the key which items are read at all. Default: every one but the kit's own. */
  readonly wants?: (key: TableKey) => boolean
  /** Sequence numbers of the changes that failed. When it throws, all that it was given count as failed. */
  handle(changes: readonly TableChange<z.output<Schema>>[], invocation: Invocation): Promise<readonly string[]>
}

/** DynamoDB's own JSON: `{ name: { S: 'text' } }`. */
type Image = Parameters<typeof unmarshall>[0]

const imageSchema = z.custom<Image>((value) => typeof value === 'object' && value !== null)
const recordSchema = z.object({
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  eventSourceARN: z.string().default(''),
  userIdentity: z.object({ principalId: z.string().optional() }).nullish(),
  dynamodb: z.object({
    SequenceNumber: z.string(),
    Keys: z.object({ pk: z.object({ S: z.string() }), sk: z.object({ S: z.string() }) }),
    NewImage: imageSchema.optional(),
    OldImage: imageSchema.optional(),
    ApproximateCreationDateTime: z.number(),
  }),
})
const eventSchema = z.object({ Records: z.array(recordSchema) })
type StreamRecord = z.infer<typeof recordSchema>

/** Deletions by TTL carry this identity (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html). */
const TTL_PRINCIPAL = 'dynamodb.amazonaws.com'

/** Throws only for an event that no stream sent. */
export function streamHandler<Schema extends z.ZodType>(
  options: StreamHandlerOptions<Schema>,
): EventHandler<BatchResponse> {
  return eventHandler(options, async (event, invocation) => {
    const { Records: records } = eventSchema.parse(event)
    const failed = new Set<string>()
    const changes: TableChange<z.output<Schema>>[] = []
    for (const record of records) {
      const key = keyOf(record)
      if (key.pk.startsWith(KIT_PREFIX) || options.wants?.(key) === false) continue
      const change = parseRecord(record, options.schema, invocation)
      if (change === undefined) failed.add(record.dynamodb.SequenceNumber)
      else changes.push(change)
    }
    for (const sequenceNumber of await handled(changes, options, invocation)) failed.add(sequenceNumber)
    const { log } = invocation
    log.set({ records: records.length, handled: changes.length, failed: failed.size })
    log.metric('failedRecords', failed.size)
    return firstFailure(records, failed)
  })
}

/** The batch is in the order of the shard. */
function firstFailure(records: readonly StreamRecord[], failed: ReadonlySet<string>): BatchResponse {
  const first = records.find(({ dynamodb }) => failed.has(dynamodb.SequenceNumber))
  return { batchItemFailures: first === undefined ? [] : [{ itemIdentifier: first.dynamodb.SequenceNumber }] }
}

async function handled<Schema extends z.ZodType>(
  changes: readonly TableChange<z.output<Schema>>[],
  options: StreamHandlerOptions<Schema>,
  invocation: Invocation,
): Promise<readonly string[]> {
  if (changes.length === 0) return []
  const numbers = changes.map(({ sequenceNumber }) => sequenceNumber)
  try {
    const failed = await options.handle(changes, invocation)
    const unknown = failed.find((number) => !numbers.includes(number))
    if (unknown !== undefined) throw new Error(`expected sequence numbers of this batch, got ${unknown}`)
    return failed
  } catch (error) {
    invocation.log.fail(error, isUnavailable(error) ? 'warn' : 'error')
    return numbers
  }
}

/** Undefined, with a note in the log, for an item that can't be read. The note never quotes the item. */
function parseRecord<Schema extends z.ZodType>(
  record: StreamRecord,
  schema: Schema,
  { log }: Invocation,
): TableChange<z.output<Schema>> | undefined {
  const { SequenceNumber: sequenceNumber, OldImage, NewImage, ApproximateCreationDateTime } = record.dynamodb
  const before = parseImage(OldImage, schema)
  const after = parseImage(NewImage, schema)
  if (before.faults !== undefined || after.faults !== undefined) {
    log.note('error', 'record refused', { sequenceNumber, key: keyOf(record), faults: before.faults ?? after.faults })
    return undefined
  }
  return {
    kind: record.eventName,
    sequenceNumber,
    key: keyOf(record),
    before: before.value,
    after: after.value,
    at: new Date(ApproximateCreationDateTime * 1_000),
    expired: record.userIdentity?.principalId === TTL_PRINCIPAL,
    streamArn: record.eventSourceARN,
  }
}

const keyOf = ({ dynamodb: { Keys } }: StreamRecord): TableKey => ({ pk: Keys.pk.S, sk: Keys.sk.S })

interface ParsedImage<Image> {
  readonly value: Image | undefined
  readonly faults?: readonly string[]
}

function parseImage<Schema extends z.ZodType>(image: Image | undefined, schema: Schema): ParsedImage<z.output<Schema>> {
  if (image === undefined) return { value: undefined }
  const parsed = schema.safeParse(unmarshall(image), {
    error: describeIssue,
    reportInput: true,
  })
  if (parsed.success) return { value: parsed.data }
  return { value: undefined, faults: fieldErrors(parsed.error.issues).map(({ pointer, code }) => `${pointer} ${code}`) }
}
