/** Which AWS service an event came from, told by its shape alone. Pure. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import * as z from 'zod'
import { Refusal } from '../refusal.ts'

const headers = z.record(z.string(), z.string()).nullish()
const multiValue = z.record(z.string(), z.array(z.string())).nullish()

/** API Gateway REST proxy event, payload format 1.0. */
const restEvent = z.object({
  httpMethod: z.string(),
  path: z.string().startsWith('/'),
  headers,
  multiValueHeaders: multiValue,
  queryStringParameters: z.record(z.string(), z.string()).nullish(),
  multiValueQueryStringParameters: multiValue,
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
})

/** Function URL event, payload format 2.0. */
const urlEvent = z.object({
  version: z.literal('2.0'),
  rawPath: z.string().startsWith('/'),
  rawQueryString: z.string().default(''),
  headers,
  cookies: z.array(z.string()).optional(),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
})

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const objectEvent = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  detail: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) }),
})

const busEvent = z.object({
  source: z.string(),
  'detail-type': z.string(),
  detail: z.record(z.string(), z.unknown()),
  resources: z.array(z.string()).default([]),
  time: z.iso.datetime({ offset: true }).optional(),
})

const sqsRecord = z.object({
  eventSource: z.literal('aws:sqs'),
  eventSourceARN: z.string(),
  body: z.string(),
  attributes: z.record(z.string(), z.string()).default({}),
  messageAttributes: z
    .record(
      z.string(),
      z.object({ dataType: z.string(), stringValue: z.string().nullish(), binaryValue: z.string().nullish() }),
    )
    .default({}),
})

/** Attribute values in DynamoDB's JSON: `{ "pk": { "S": "…" } }`. What is in them, DynamoDB checks. */
const attributeMap = z.record(
  z.string(),
  z.custom<AttributeValue>((value) => typeof value === 'object' && value !== null),
)

const streamRecord = z.object({
  eventSource: z.literal('aws:dynamodb'),
  eventSourceARN: z.string(),
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  dynamodb: z.object({ Keys: attributeMap, NewImage: attributeMap.optional(), OldImage: attributeMap.optional() }),
})

export type SqsRecord = z.infer<typeof sqsRecord>
export type StreamRecord = z.infer<typeof streamRecord>
export type BusEvent = z.infer<typeof busEvent>

/** A request, whichever payload format it was in. */
export interface HttpEvent {
  readonly method: string
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array | undefined
}

export type Source =
  | { readonly kind: 'api'; readonly request: HttpEvent }
  | { readonly kind: 'functionUrl'; readonly request: HttpEvent }
  | { readonly kind: 'queue'; readonly records: readonly SqsRecord[] }
  | { readonly kind: 'stream'; readonly records: readonly StreamRecord[] }
  | { readonly kind: 'bus'; readonly event: BusEvent }
  | { readonly kind: 'object'; readonly bucket: string; readonly key: string }

const bodyOf = ({ body, isBase64Encoded }: { body?: string | null | undefined; isBase64Encoded: boolean }) =>
  body ? Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') : undefined

const spread = (record: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(record).flatMap(([name, values]) => values.map((value): [string, string] => [name, value]))

function restRequest(event: z.infer<typeof restEvent>): HttpEvent {
  const query = event.multiValueQueryStringParameters
    ? spread(event.multiValueQueryStringParameters)
    : Object.entries(event.queryStringParameters ?? {})
  return {
    method: event.httpMethod,
    path: event.path,
    query: new URLSearchParams(query).toString(),
    headers: event.multiValueHeaders ? spread(event.multiValueHeaders) : Object.entries(event.headers ?? {}),
    body: bodyOf(event),
  }
}

const urlRequest = (event: z.infer<typeof urlEvent>): HttpEvent => ({
  method: event.requestContext.http.method,
  path: event.rawPath,
  query: event.rawQueryString,
  headers: [
    ...Object.entries(event.headers ?? {}),
    ...(event.cookies ? [['cookie', event.cookies.join('; ')] as const] : []),
  ],
  body: bodyOf(event),
})

const SHAPES =
  'an API Gateway request, a function URL request, SQS records, DynamoDB stream records, an EventBridge event or one of S3'

function parse<S extends z.ZodType>(name: string, what: string, schema: S, event: unknown): z.output<S> {
  const result = schema.safeParse(event)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Refusal('malformed_fixture', `${name} looks like ${what}, but /${issue?.path.join('/')}: ${issue?.message}`)
}

const has = (event: object, ...names: readonly string[]): boolean => names.every((name) => name in event)

/** @throws Refusal `unknown_event` or `malformed_fixture`, both saying what was expected */
export function sourceOf(name: string, event: unknown): Source {
  const refuse = (got: string) => new Refusal('unknown_event', `${name}: expected ${SHAPES}, got ${got}.`)
  if (typeof event !== 'object' || event === null) throw refuse(JSON.stringify(event))
  if (has(event, 'httpMethod', 'path'))
    return { kind: 'api', request: restRequest(parse(name, 'an API Gateway request', restEvent, event)) }
  if (has(event, 'rawPath', 'requestContext'))
    return { kind: 'functionUrl', request: urlRequest(parse(name, 'a function URL request', urlEvent, event)) }
  if ((event as { source?: unknown }).source === 'aws.s3') {
    const { bucket, object } = parse(name, 'an event of S3', objectEvent, event).detail
    return { kind: 'object', bucket: bucket.name, key: object.key }
  }
  if (has(event, 'detail-type', 'detail'))
    return { kind: 'bus', event: parse(name, 'an EventBridge event', busEvent, event) }
  const records = (event as { Records?: unknown }).Records
  const [first] = Array.isArray(records) ? (records as { eventSource?: unknown }[]) : []
  switch (first?.eventSource) {
    case 'aws:sqs':
      return { kind: 'queue', records: parse(name, 'SQS records', z.array(sqsRecord), records) }
    case 'aws:dynamodb':
      return { kind: 'stream', records: parse(name, 'DynamoDB stream records', z.array(streamRecord), records) }
    default:
      throw refuse(
        first === undefined
          ? `an object with ${Object.keys(event).join(', ') || 'nothing'}`
          : `records of ${String(first.eventSource)}`,
      )
  }
}
