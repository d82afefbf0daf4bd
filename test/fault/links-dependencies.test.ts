import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { clickMessage } from '../../functions/links/clicks/click-message.ts'
import { clientFor } from '../../local/aws.ts'
import {
  type Answer,
  countsOf,
  eventually,
  LINKS,
  newWorkspace,
  visit,
  type Workspace,
} from '../integration/links-cloud.ts'
import { FAULTS, type FaultServer, startFaultServer } from './fault-server.ts'
import { withEnvironment } from './function-environment.ts'

const lambda = new LambdaClient(clientFor(inject('outputs')))

let workspace: Workspace
let dynamo: FaultServer
beforeAll(async () => {
  workspace = await newWorkspace()
  dynamo = await startFaultServer(FAULTS.throttled)
})
afterAll(() => dynamo.stop())

const DEAD = 'http://127.0.0.1:1'

function expectUnavailable(answer: Answer): void {
  expect(answer).toMatchObject({ status: 503, body: { code: 'dependency_unavailable', status: 503 } })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(answer.text).not.toMatch(/injected|dynamodb|ECONN|stack/i)
}

describe('while the table is in trouble', () => {
  it('the redirect answers 503 with Retry-After, and works again afterwards', async () => {
    const link = await workspace.link()
    const path = `/${link.slug}`
    await withEnvironment(lambda, 'backlot-links-redirect', { AWS_ENDPOINT_URL_DYNAMODB: dynamo.url }, async () => {
      for (const [name, fault] of Object.entries(FAULTS)) {
        dynamo.fault = fault
        const before = dynamo.requests()
        expectUnavailable(await visit(path, { Accept: '*/*' }))
        expect([name, dynamo.requests() - before]).toEqual([name, 2])
      }
      const page = await visit(path)
      expect([page.status, page.headers.get('retry-after')]).toEqual([503, '2'])
      expect(page.text).toContain('can’t be looked up right now')
      expect((await visit('/robots.txt')).status).toBe(200)
    })
    expect((await visit(path)).status).toBe(302)
  })

  it('the API answers 503 with Retry-After, and works again afterwards', async () => {
    const link = await workspace.link()
    const calls: readonly (() => Promise<Answer>)[] = [
      () => workspace.call('POST', LINKS, { body: { url: 'https://example.com/' } }),
      () => workspace.call('GET', LINKS),
      () => workspace.call('GET', `${LINKS}/${link.id}`),
      () => workspace.call('PATCH', `${LINKS}/${link.id}`, { body: { url: 'https://example.com/x' } }),
      () => workspace.call('DELETE', `${LINKS}/${link.id}`),
      () => workspace.call('GET', `${LINKS}/${link.id}/stats`),
    ]
    await withEnvironment(lambda, 'backlot-links-api', { AWS_ENDPOINT_URL_DYNAMODB: dynamo.url }, async () => {
      for (const fault of Object.values(FAULTS)) {
        dynamo.fault = fault
        for (const answer of await Promise.all(calls.map((call) => call()))) expectUnavailable(answer)
      }
    })
    expect((await workspace.call('GET', `${LINKS}/${link.id}`)).status).toBe(200)
  }, 90_000)

  it('that nobody answers at all, it is the same', async () => {
    const link = await workspace.link()
    const away = { AWS_ENDPOINT_URL_DYNAMODB: DEAD }
    await withEnvironment(lambda, 'backlot-links-redirect', away, async () => {
      expectUnavailable(await visit(`/${link.slug}`, { Accept: '*/*' }))
    })
    await withEnvironment(lambda, 'backlot-links-api', away, async () => {
      expectUnavailable(await workspace.call('GET', `${LINKS}/${link.id}`))
    })
  })
})

describe('while the queue of clicks is in trouble', () => {
  it('visitors are redirected all the same, and the lost click is in the log, whole', async () => {
    const link = await workspace.link()
    await withEnvironment(lambda, 'backlot-links-redirect', { AWS_ENDPOINT_URL_SQS: DEAD }, async () => {
      const answer = await visit(`/${link.slug}`)
      expect([answer.status, answer.headers.get('location')]).toEqual([302, link.url])
      const requestId = answer.headers.get('x-request-id')
      const [lost] = await eventually(
        () => logged('backlot-links-redirect', (line) => line['requestId'] === requestId && line['lost'] !== undefined),
        (lines) => lines.length === 1,
      )
      expect(lost).toMatchObject({ level: 'error', lost: 'click', tasksLost: 1, error: { code: 'ECONNREFUSED' } })
      expect(clickMessage.parse(lost?.['payload'])).toMatchObject({ eventId: requestId, linkId: link.id })
    })
    expect((await visit(`/${link.slug}`)).status).toBe(302)
    await eventually(
      () => countsOf(workspace, link.id),
      ({ clicks }) => clicks === 1,
    )
  })
})

/** Structured lines of a function's log that are wanted. */
async function logged(functionName: string, wanted: (line: Record<string, unknown>) => boolean) {
  const text = await readFile(join(inject('home'), 'logs', 'functions', `${functionName}.log`), 'utf8')
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(wanted)
}
