/**
 * Run by redirect.ts in a process of its own: the built redirect with its connections faked, many requests after each
 * other. Sends the processor's microseconds for one request, one figure a batch, to the parent.
 */
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../infra/sources.ts'
import { fakeConnections, httpAnswer } from './fake-socket.ts'

/** Until the optimising compiler has settled. */
const WARM_UP_REQUESTS = 10_000
const BATCHES = 25
/** About 0.2 s: long against the resolution of the processor's clock, short against whatever else the machine does. */
const REQUESTS_A_BATCH = 2_000

export interface CpuFigures {
  /** Microseconds a request, one for each batch. */
  readonly functionUrl: readonly number[]
  readonly restApi: readonly number[]
  /** Two exchanges of the same size by Node's client alone, without any code of ours. */
  readonly bareExchanges: readonly number[]
}

type Handler = (event: unknown, context: unknown) => Promise<{ readonly statusCode: number }>

const BUNDLE = path.join(ROOT, '.backlot/bundles/links/redirect/index.mjs')
const EVENTS = path.join(ROOT, 'events/links')

const SLUG_ITEM = {
  Item: {
    pk: { S: 'SLUG#spring-sale' },
    sk: { S: 'LINK' },
    linkId: { S: 'lnk_01JD7N2V5B8Y3QK4M6T9X0ZCEG' },
    workspaceId: { S: 'wsp_01JD7N2V5B8Y3QK4M6T9X0ZCEG' },
    url: { S: 'https://example.com/spring?utm_source=poster' },
  },
}
const SENT = { MessageId: '5fea7756-0ea4-451a-a703-a558b933e274', MD5OfMessageBody: 'fafb00f5732ab283681e124bf8747ed1' }

async function microsecondsOf(once: () => Promise<void>): Promise<number[]> {
  for (let i = 0; i < WARM_UP_REQUESTS; i += 1) await once()
  const figures: number[] = []
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const before = process.cpuUsage()
    for (let i = 0; i < REQUESTS_A_BATCH; i += 1) await once()
    const { user, system } = process.cpuUsage(before)
    figures.push((user + system) / REQUESTS_A_BATCH)
  }
  return figures
}

async function oneRedirect(handler: Handler, fixture: string): Promise<() => Promise<void>> {
  const event: unknown = JSON.parse(await readFile(path.join(EVENTS, fixture), 'utf8'))
  const context = { awsRequestId: '7c0f6f0e-3f0a-4c3b-9c39-6a3a5f3f8f52', getRemainingTimeInMillis: () => 3_000 }
  return async () => {
    const { statusCode } = await handler(event, context)
    if (statusCode !== 302) throw new Error(`expected 302 for ${fixture}, got ${statusCode}`)
  }
}

/** What Node's client costs by itself: a request with headers and body of about the same size, its answer read whole. */
function bareExchange(): () => Promise<void> {
  const agent = new Agent({ keepAlive: true })
  const body = JSON.stringify(SLUG_ITEM)
  const headers = {
    'X-Amz-Target': 'DynamoDB_20120810.GetItem',
    Authorization: 'x'.repeat(220),
    'Content-Length': body.length,
  }
  const exchange = () =>
    new Promise<void>((resolve, reject) => {
      const sent = request({ agent, hostname: '127.0.0.1', port: 9, method: 'POST', headers }, (answer) => {
        answer.setEncoding('utf8').resume().on('end', resolve)
      })
      sent.on('error', reject).end(body)
    })
  return async () => {
    await exchange()
    await exchange()
  }
}

async function measure(): Promise<CpuFigures> {
  fakeConnections([
    ['DynamoDB_20120810.GetItem', httpAnswer(SLUG_ITEM)],
    ['AmazonSQS.SendMessage', httpAnswer(SENT)],
  ])
  const { handler } = (await import(pathToFileURL(BUNDLE).href)) as { handler: Handler }
  return {
    functionUrl: await microsecondsOf(await oneRedirect(handler, 'redirect.url.json')),
    restApi: await microsecondsOf(await oneRedirect(handler, 'redirect.get.json')),
    bareExchanges: await microsecondsOf(bareExchange()),
  }
}

if (import.meta.main) process.send?.(await measure())
