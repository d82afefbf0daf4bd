/** Redirects under load on a running local cloud, through each of the ways to the function. */
import autocannon from 'autocannon'
import { edgeRouteFor } from '../infra/edge.ts'
import type { Outputs } from '../local/outputs.ts'
import { type Row, rounded } from './measure.ts'

/** One: latency without waiting for others. Four: what a laptop's LocalStack can answer at once. */
const CONNECTIONS = [1, 4]

interface Way {
  readonly name: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Rows of the table. Throws when an answer is anything but a redirect. */
export async function endToEnd(outputs: Outputs, seconds: number): Promise<Row[]> {
  const slug = await makeLink(outputs)
  const rows: Row[] = []
  for (const way of waysTo(outputs, slug))
    for (const connections of CONNECTIONS) rows.push(await load(way, connections, seconds))
  return rows
}

async function makeLink({ edge, apiKey }: Outputs): Promise<string> {
  const answer = await fetch(`${edge.url}/api/links/links`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: 'https://example.com/bench' }),
  })
  if (answer.status !== 201)
    throw new Error(`expected 201 for a new link, got ${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { slug: string }).slug
}

function waysTo({ edge, endpoint, stacks }: Outputs, slug: string): Way[] {
  const { RedirectApiId, RedirectUrl } = stacks['Links'] ?? {}
  if (!RedirectApiId || !RedirectUrl)
    throw new Error('expected the outputs RedirectApiId and RedirectUrl of the stack Links')
  return [
    { name: `edge (${edgeRouteFor(`/${slug}`).origin.kind})`, url: `${edge.url}/${slug}` },
    { name: 'API Gateway', url: `${endpoint}/_aws/execute-api/${RedirectApiId}/live/${slug}` },
    // LocalStack knows a function URL by its host name alone.
    { name: 'function URL', url: `${endpoint}/${slug}`, headers: { Host: new URL(RedirectUrl).host } },
  ]
}

async function load({ name, url, headers }: Way, connections: number, seconds: number): Promise<Row> {
  // Starts the environments; its figures are dropped.
  await autocannon({ url, connections, duration: 1, ...(headers && { headers }) })
  const result = await autocannon({ url, connections, duration: seconds, ...(headers && { headers }) })
  const redirects = result.statusCodeStats?.['302']?.count ?? 0
  if (redirects === 0 || redirects < result.requests.total || result.errors > 0)
    throw new Error(
      `expected only redirects from ${name}, got ${redirects} of ${result.requests.total} and ${result.errors} errors`,
    )
  return {
    'by way of': name,
    connections,
    'redirects/s': rounded(result.requests.average),
    'p50 (ms)': result.latency.p50,
    'p97.5 (ms)': result.latency.p97_5,
    'p99 (ms)': result.latency.p99,
  }
}
