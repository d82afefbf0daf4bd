/** What the tests of links share: callers of the deployed API, visitors of the edge, and waiting for what comes later. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { expect, inject } from 'vitest'
import { platformNames } from '../../infra/environments.ts'
import { accessStore } from '../../layers/core/access.store.ts'
import { generateApiKey, hashApiKey } from '../../layers/core/api-key.ts'
import { SECOND, systemClock } from '../../layers/core/clock.ts'
import { createIds } from '../../layers/core/ids.ts'
import { deriveKey } from '../../layers/core/kit-secret.ts'
import type { Role } from '../../layers/core/permissions.ts'
import { systemRandom } from '../../layers/core/random.ts'
import { clientFor } from '../../local/aws.ts'
import { answerCheck, committedDocument, publicPath } from '../answers.ts'

export const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'
export const LINKS = '/api/links/links'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
  readonly body: any
}

export interface Sent {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export const edge = (path: string): string => `${inject('outputs').edge.url}${path}`

const check = answerCheck(committedDocument())

/** Sends as given; never follows a redirect. An answer that the OpenAPI document does not describe fails the test. */
export async function send(method: string, url: string, { body, headers = {} }: Sent = {}): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const facts = { method, path: publicPath(new URL(url)), status: answer.status, headers: answer.headers, body: text }
  expect(check(facts), `${method} ${url} ${text.slice(0, 500)}`).toEqual([])
  const isJson = answer.headers.get('content-type')?.includes('json') === true && text !== ''
  return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

/** A person who follows a link on the edge. */
export const visit = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> =>
  send(method, edge(path), { headers: { 'User-Agent': BROWSER, Accept: 'text/html', ...headers } })

export interface Workspace {
  readonly id: string
  /** Calls the API on the edge with this workspace's key. */
  call(method: string, path: string, sent?: Sent): Promise<Answer>
  /** The same with a key of another role. */
  as(role: Role): Promise<Workspace['call']>
  /** Makes a link; fails the test if it can't. */
  link(body?: { url?: string; slug?: string }): Promise<{ id: string; slug: string; url: string; shortUrl: string }>
}

/** A new workspace, so that tests don't meet each other's links. */
export async function newWorkspace(): Promise<Workspace> {
  const id = createIds(systemClock, systemRandom)('wsp')
  const { accessTable, kitSecret } = platformNames({ prefix: 'backlot' })
  const options = clientFor(inject('outputs'))
  const store = accessStore(DynamoDBDocumentClient.from(new DynamoDBClient(options)), accessTable)
  const secret = await new SecretsManagerClient(options).send(new GetSecretValueCommand({ SecretId: kitSecret }))
  const hmacKey = await deriveKey(secret.SecretString ?? '', 'api-key')
  const createdAt = new Date().toISOString()
  await store.putWorkspace({ id, name: 'Test', createdAt })

  const as = async (role: Role): Promise<Workspace['call']> => {
    const key = generateApiKey(systemClock, systemRandom)
    await store.putApiKey({ id: key.id, workspaceId: id, name: role, role, createdAt, hash: hashApiKey(key, hmacKey) })
    return (method, path, { body, headers } = {}) =>
      send(method, edge(path), { body, headers: { Authorization: `Bearer ${key.text}`, ...headers } })
  }
  const call = await as('owner')
  return {
    id,
    call,
    as,
    async link(body = {}) {
      const answer = await call('POST', LINKS, { body: { url: 'https://example.com/', ...body } })
      expect(answer).toMatchObject({ status: 201 })
      return answer.body
    },
  }
}

/** People and bots that the API has counted for the link. */
export async function countsOf(workspace: Workspace, linkId: string): Promise<{ clicks: number; bots: number }> {
  const { status, body } = await workspace.call('GET', `${LINKS}/${linkId}/stats`)
  expect(status).toBe(200)
  return { clicks: body.clicks, bots: body.bots }
}

/** Asks again until `look` gives what it should. The deadline is generous: machines that test are busy. */
export async function eventually<T>(
  look: () => Promise<T>,
  isRight: (seen: T) => boolean,
  deadline = 25 * SECOND,
): Promise<T> {
  const end = performance.now() + deadline
  for (;;) {
    const seen = await look()
    if (isRight(seen)) return seen
    if (performance.now() > end)
      throw new Error(`expected ${String(isRight)} within ${deadline} ms, got ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
