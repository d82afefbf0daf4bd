/** Hands an event to the real service that it came from, so that everything between it and the function is used too. */
import { request } from 'node:http'
import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { platformNames } from '../../infra/environments.ts'
import { clientFor } from '../aws.ts'
import type { Outputs } from '../outputs.ts'
import { Refusal } from '../refusal.ts'
import type { Fixture } from './fixture.ts'
import type { BusEvent, HttpEvent, Source, SqsRecord, StreamRecord } from './source.ts'

/** What a user reads: what went where, and what came back. */
export type Report = readonly string[]

/** What belongs to the connection or is added by API Gateway and CloudFront themselves. */
const NOT_SENT =
  /^(host|content-length|connection|via|x-amz-cf-id|x-amzn-trace-id|x-forwarded-.*|cloudfront-forwarded-.*)$/i
/** An answer longer than this is cut in the report. */
const BODY_LIMIT = 2_000

const pascal = (name: string): string =>
  name.replaceAll(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase())

/** By the names of stack outputs: `links/api` → `ApiUrl`, `links/redirect` → `RedirectApiUrl` or `RedirectUrl`. */
export function targetUrl(functionName: string, kind: 'api' | 'functionUrl', stacks: Outputs['stacks']): string {
  const [service = '', name = ''] = functionName.split('/')
  const output = `${name === 'api' ? '' : pascal(name)}${kind === 'api' ? 'ApiUrl' : 'Url'}`
  const url = stacks[pascal(service)]?.[output]
  if (!url)
    throw new Refusal(
      'not_deployed',
      `expected the output ${output} of stack ${pascal(service)}; there is none.`,
      'Deploy it first: npm run deploy',
    )
  return url.replace(/\/$/, '')
}

async function sendRequest(event: HttpEvent, base: string, endpoint: string): Promise<Report> {
  const url = new URL(base)
  const { hostname, port } = new URL(endpoint)
  const headers = event.headers.filter(([name]) => !NOT_SENT.test(name))
  const path = `${url.pathname.replace(/\/$/, '')}${event.path}${event.query && `?${event.query}`}`
  const length = event.body ? ['Content-Length', String(event.body.length)] : []
  const { status, body, location } = await new Promise<{ status: number; body: string; location: string }>(
    (resolve, reject) => {
      // The host name of a function URL says which function; its address is always the endpoint's.
      const outgoing = request({
        hostname,
        port,
        method: event.method,
        path,
        headers: ['Host', url.host, ...headers.flat(), ...length],
      })
      outgoing.on('error', reject).on('response', (response) => {
        response.toArray().then((chunks) => {
          const text = Buffer.concat(chunks as Buffer[]).toString('utf8')
          resolve({ status: response.statusCode ?? 0, body: text, location: response.headers.location ?? '' })
        }, reject)
      })
      outgoing.end(event.body)
    },
  )
  const shown = body.length > BODY_LIMIT ? `${body.slice(0, BODY_LIMIT)}…` : body
  return [
    `${event.method} ${url.origin}${path}`,
    `answered ${status}${location && ` → ${location}`}`,
    ...(shown ? [shown] : []),
  ]
}

async function sendMessages(records: readonly SqsRecord[], outputs: Outputs): Promise<Report> {
  const sqs = new SQSClient(clientFor(outputs))
  const sent = records.map(async ({ body, eventSourceARN, messageAttributes, attributes }) => {
    const queue = eventSourceARN.split(':').at(-1) ?? ''
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }))
    const { MessageId } = await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: body,
        MessageAttributes: Object.fromEntries(
          Object.entries(messageAttributes).map(([name, { dataType, stringValue, binaryValue }]) => [
            name,
            binaryValue
              ? { DataType: dataType, BinaryValue: Buffer.from(binaryValue, 'base64') }
              : { DataType: dataType, StringValue: stringValue ?? '' },
          ]),
        ),
        ...(queue.endsWith('.fifo') && {
          MessageGroupId: attributes['MessageGroupId'],
          MessageDeduplicationId: attributes['MessageDeduplicationId'],
        }),
      }),
    )
    return `message ${MessageId} to the queue ${queue}`
  })
  return Promise.all(sent)
}

/** A stream record can't be put into a stream: it is made by the write that it tells of, so that write is done. */
async function write(records: readonly StreamRecord[], outputs: Outputs): Promise<Report> {
  const dynamo = new DynamoDBClient(clientFor(outputs))
  const report: string[] = []
  for (const { eventSourceARN, eventName, dynamodb } of records) {
    const table = /:table\/([^/]+)/.exec(eventSourceARN)?.[1] ?? ''
    const keys = dynamodb.Keys
    if (eventName === 'REMOVE') {
      // Only what is there can be removed, and only a removal makes a record.
      const old = dynamodb.OldImage ?? dynamodb.Keys
      await dynamo.send(new PutItemCommand({ TableName: table, Item: old }))
      await dynamo.send(new DeleteItemCommand({ TableName: table, Key: keys }))
      report.push(
        `put and deleted ${JSON.stringify(keys)} in the table ${table}: its stream makes an INSERT and this REMOVE`,
      )
    } else {
      const item = dynamodb.NewImage ?? dynamodb.Keys
      // A write to an item that is not there makes an INSERT.
      if (eventName === 'MODIFY' && dynamodb.OldImage)
        await dynamo.send(new PutItemCommand({ TableName: table, Item: dynamodb.OldImage }))
      await dynamo.send(new PutItemCommand({ TableName: table, Item: item }))
      report.push(`put ${JSON.stringify(keys)} into the table ${table}: its stream makes the record`)
    }
  }
  return report
}

async function publish(event: BusEvent, outputs: Outputs): Promise<Report> {
  const { bus } = platformNames({ prefix: 'backlot' })
  const { Entries: [entry] = [] } = await new EventBridgeClient(clientFor(outputs)).send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: bus,
          Source: event.source,
          DetailType: event['detail-type'],
          Detail: JSON.stringify(event.detail),
          Resources: event.resources,
          ...(event.time && { Time: new Date(event.time) }),
        },
      ],
    }),
  )
  if (entry?.ErrorCode)
    throw new Refusal('event_refused', `The bus ${bus} refused the event: ${entry.ErrorCode} ${entry.ErrorMessage}`)
  return [`${event['detail-type']} from ${event.source} to the bus ${bus}, event id ${entry?.EventId}`]
}

/** S3 tells of an object itself, so it is put there. */
async function put({ bucket, key }: Extract<Source, { kind: 'object' }>, body: Buffer, outputs: Outputs) {
  const s3 = new S3Client({ ...clientFor(outputs), forcePathStyle: true })
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
  return [`${body.length} bytes to s3://${bucket}/${key}, ETag ${ETag}: the bucket sends the event`]
}

/** @throws Refusal `not_deployed`, `event_refused`, `unknown_fixture` */
export async function send(
  source: Source,
  { functionName, content }: Pick<Fixture, 'functionName' | 'content'>,
  outputs: Outputs,
): Promise<Report> {
  switch (source.kind) {
    case 'api':
    case 'functionUrl': {
      if (!functionName)
        throw new Refusal(
          'unknown_event',
          'expected a fixture events/<service>/<function>.<scenario>.json: its name tells which API it is for.',
        )
      return sendRequest(source.request, targetUrl(functionName, source.kind, outputs.stacks), outputs.endpoint)
    }
    case 'queue':
      return sendMessages(source.records, outputs)
    case 'stream':
      return write(source.records, outputs)
    case 'bus':
      return publish(source.event, outputs)
    case 'object':
      return put(source, await content(), outputs)
  }
}
