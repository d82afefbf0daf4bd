/**
 * The wrapper of queue consumers. Lambda is told which messages failed (partial batch response), so that only they come
 * back, and after the queue's last try they go to its dead-letter queue
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). A message is a failure of its own when
 * its body is not JSON or does not fit the schema; the others are handled.
 *
 * On a FIFO queue the messages of a group are handed over one at a time, and a failed one stops its group: itself and
 * what follows it in the group come back, in order. Other groups go on.
 */
import * as z from 'zod'
import { isUnavailable } from './dependency.ts'
import { describeIssue, fieldErrors } from './field-errors.ts'
import { type EventHandler, eventHandler, type Invocation, logTraces, type WrapperOptions } from './invocation.ts'
import type { TraceContext } from './trace.ts'

export interface SqsMessage<Body> {
  /** The message id of SQS: the same on every try. */
  readonly id: string
  readonly body: Body
  /** String attributes that the sender set. */
  readonly attributes: Readonly<Record<string, string>>
  /** 1 on the first try. */
  readonly receiveCount: number
  /** Continues the message attribute `traceparent`. */
  readonly trace: TraceContext
}

/** Ids of the messages that shall come back; the source must know them. */
export type FailedIds = readonly string[]

export interface SqsHandlerOptions<Schema extends z.ZodType> extends WrapperOptions {
  /** Of the body, after JSON. */
  readonly schema: Schema
  /** Gets the valid messages of a batch together. When it throws, all that it was given come back. */
  handle(messages: readonly SqsMessage<z.output<Schema>>[], invocation: Invocation): Promise<FailedIds>
}

export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[]
}

const attribute = z.object({ stringValue: z.string().optional(), dataType: z.string().optional() })
const recordSchema = z.object({
  messageId: z.string(),
  body: z.string(),
  attributes: z.object({
    ApproximateReceiveCount: z.coerce.number().default(1),
    MessageGroupId: z.string().optional(),
  }),
  messageAttributes: z.record(z.string(), attribute).default({}),
  eventSourceARN: z.string().default(''),
})
const eventSchema = z.object({ Records: z.array(recordSchema) })
type SqsRecord = z.infer<typeof recordSchema>

/** Throws only for an event that no queue sent; everything else is told by message. */
export function sqsHandler<Schema extends z.ZodType>(options: SqsHandlerOptions<Schema>): EventHandler<BatchResponse> {
  return eventHandler(options, async (event, invocation) => {
    const { Records: records } = eventSchema.parse(event)
    const failed = isFifo(records)
      ? await inOrder(records, options, invocation)
      : await together(records, options, invocation)
    const { log } = invocation
    log.set({ messages: records.length, failed: failed.size })
    log.metric('failedMessages', failed.size)
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) }
  })
}

/** A standard queue may carry group ids too (fair queues): only the name tells. */
const isFifo = (records: readonly SqsRecord[]): boolean =>
  records.some(({ eventSourceARN }) => eventSourceARN.endsWith('.fifo'))

async function together<Schema extends z.ZodType>(
  records: readonly SqsRecord[],
  options: SqsHandlerOptions<Schema>,
  invocation: Invocation,
): Promise<ReadonlySet<string>> {
  const failed = new Set<string>()
  const messages: SqsMessage<z.output<Schema>>[] = []
  for (const record of records) {
    const message = parseMessage(record, options.schema, invocation)
    if (message === undefined) failed.add(record.messageId)
    else messages.push(message)
  }
  logTraces(
    invocation.log,
    messages.map(({ trace }) => trace.traceId),
  )
  for (const id of await handled(messages, options, invocation)) failed.add(id)
  return failed
}

async function inOrder<Schema extends z.ZodType>(
  records: readonly SqsRecord[],
  options: SqsHandlerOptions<Schema>,
  invocation: Invocation,
): Promise<ReadonlySet<string>> {
  const failed = new Set<string>()
  const stopped = new Set<string | undefined>()
  const traces: string[] = []
  for (const record of records) {
    const group = record.attributes.MessageGroupId
    const message = stopped.has(group) ? undefined : parseMessage(record, options.schema, invocation)
    if (message !== undefined) traces.push(message.trace.traceId)
    if (message !== undefined && (await handled([message], options, invocation)).length === 0) continue
    stopped.add(group)
    failed.add(record.messageId)
  }
  logTraces(invocation.log, traces)
  return failed
}

async function handled<Schema extends z.ZodType>(
  messages: readonly SqsMessage<z.output<Schema>>[],
  options: SqsHandlerOptions<Schema>,
  invocation: Invocation,
): Promise<FailedIds> {
  if (messages.length === 0) return []
  const ids = messages.map(({ id }) => id)
  try {
    const failed = await options.handle(messages, invocation)
    // Lambda takes an unknown id for a failure of the whole batch, in silence.
    const unknown = failed.find((id) => !ids.includes(id))
    if (unknown !== undefined) throw new Error(`expected ids of this batch, got ${unknown}`)
    return failed
  } catch (error) {
    invocation.log.fail(error, isUnavailable(error) ? 'warn' : 'error')
    return ids
  }
}

/** Undefined, with a note in the log, for a message that can't be read. The note never quotes the body. */
function parseMessage<Schema extends z.ZodType>(
  record: SqsRecord,
  schema: Schema,
  { log, traceFrom }: Invocation,
): SqsMessage<z.output<Schema>> | undefined {
  const { messageId, messageAttributes } = record
  const receiveCount = record.attributes.ApproximateReceiveCount
  const refuse = (faults: unknown) => {
    log.note('error', 'message refused', { messageId, receiveCount, faults })
    return undefined
  }
  const json = jsonOf(record.body)
  if (json === undefined) return refuse('expected JSON')
  const parsed = schema.safeParse(json.value, { error: describeIssue, reportInput: true })
  if (!parsed.success) return refuse(fieldErrors(parsed.error.issues).map(({ pointer, code }) => `${pointer} ${code}`))
  const attributes = Object.fromEntries(
    Object.entries(messageAttributes).flatMap(([name, { stringValue }]) =>
      stringValue === undefined ? [] : [[name, stringValue]],
    ),
  )
  return { id: messageId, body: parsed.data, attributes, receiveCount, trace: traceFrom(attributes['traceparent']) }
}

function jsonOf(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
