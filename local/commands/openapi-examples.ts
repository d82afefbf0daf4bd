/**
 * `npm run openapi -- --record`: takes the examples of the document from a running local cloud, as it answers, and
 * keeps them beside the routes. What is sent comes from the fixtures in `events/`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { OperationExample } from '#core/route.ts'
import { CHECKOUT } from '../home.ts'
import type { Outputs } from '../outputs.ts'

const FILE = 'functions/links/link-examples.json'
const CREATE = 'events/links/api.create.json'
const LINKS = '/api/links/links'

/** A visit is counted within seconds; a machine that is busy gets ten times that. */
const COUNTED_WITHIN_MS = 30_000
const POLL_MS = 200

const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'

/** Records every route of links in an order in which each has something to show, and leaves nothing behind but a deleted slug. */
export async function recordExamples(outputs: Outputs, publicOrigin: string): Promise<string> {
  const call = caller(outputs)
  const body: unknown = JSON.parse(
    (JSON.parse(await readFile(path.join(CHECKOUT, CREATE), 'utf8')) as { body: string }).body,
  )
  const created = await call('POST', LINKS, body)
  const link = created as { id: string; slug: string }
  const params = { id: link.id }
  const one = `${LINKS}/${link.id}`
  await fetch(`${outputs.edge.url}/${link.slug}`, { redirect: 'manual', headers: { 'User-Agent': PERSON } })
  const change = { url: 'https://example.com/summer?utm_source=poster' }
  const examples: Record<string, OperationExample> = {
    createLink: { request: { body }, answers: { 201: created } },
    listLinks: { request: { query: { limit: 1 } }, answers: { 200: await call('GET', `${LINKS}?limit=1`) } },
    getLink: { request: { params }, answers: { 200: await call('GET', one) } },
    getLinkStats: {
      request: { params, query: {} },
      answers: { 200: await counted(() => call('GET', `${one}/stats?from=${today()}`)) },
    },
    updateLink: { request: { params, body: change }, answers: { 200: await call('PATCH', one, change) } },
    deleteLink: { request: { params } },
    followLink: { request: { params: { slug: link.slug } } },
  }
  await call('DELETE', one)
  const text = JSON.stringify(examples, null, 2).replaceAll(outputs.edge.url, publicOrigin)
  await writeFile(path.join(CHECKOUT, FILE), `${text}\n`)
  return FILE
}

const today = (): string => new Date().toISOString().slice(0, 10)

const caller =
  ({ edge, apiKey }: Outputs) =>
  async (method: string, target: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${edge.url}${target}`, {
      method,
      headers: { Authorization: `Bearer ${apiKey}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`expected ${method} ${target} to succeed, got ${answer.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

async function counted(read: () => Promise<unknown>): Promise<unknown> {
  const deadline = performance.now() + COUNTED_WITHIN_MS
  for (;;) {
    const stats = (await read()) as { clicks: number }
    if (stats.clicks > 0) return stats
    if (performance.now() > deadline) throw new Error(`expected the visit to be counted within ${COUNTED_WITHIN_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
