/** `npm start`, `up`, `down`, `reset` and `status` as a user runs them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOutputs } from '../../local/outputs.ts'
import { isPortFree } from '../../local/ports.ts'
import { DEMO_API_KEY } from '../../local/seed.ts'
import {
  alive,
  command,
  eventually,
  family,
  type Place,
  place,
  type Running,
  run,
  START_DEADLINE_MS,
} from './checkout-commands.ts'

const shell = async (line: string): Promise<string> => (await promisify(execFile)('sh', ['-c', line])).stdout

const pasted = (output: string): string[] => output.split('\n').filter((line) => line.startsWith('    curl '))

async function expectNothingLeft(at: Place, pids: readonly number[], deadlineMs?: number): Promise<void> {
  await eventually('no process to be left', async () => (await alive(pids)).length === 0, deadlineMs)
  expect(await isPortFree(at.edgePort), 'edge port free').toBe(true)
  expect(await isPortFree(at.cloudPort), 'cloud port free').toBe(true)
}

describe('npm start', { timeout: START_DEADLINE_MS }, () => {
  let at: Place
  let cloud: Running

  beforeAll(async () => {
    at = await place()
    cloud = command(at, 'start')
    await cloud.until(/Ctrl-C stops everything/)
  }, START_DEADLINE_MS)
  afterAll(async () => {
    cloud.child.kill('SIGKILL')
    await cloud.ended
    await at.remove()
  })

  test('prints the addresses and the demo key, and writes outputs.json', async () => {
    expect(cloud.output()).toContain(`http://localhost:${at.edgePort}`)
    expect(cloud.output()).toContain(DEMO_API_KEY)
    const outputs = await readOutputs(`${at.home}/outputs.json`)
    expect(outputs.endpoint).toBe(`http://127.0.0.1:${at.cloudPort}`)
    expect(outputs.stacks['Links']?.['ApiUrl']).toMatch(/\/_aws\/execute-api\/[a-z0-9]+\/live$/)
  })

  test('prints commands that work as they are pasted', async () => {
    const [create = '', follow = ''] = pasted(cloud.output())
    expect(JSON.parse(await shell(create))).toMatchObject({
      slug: 'hello',
      shortUrl: `http://localhost:${at.edgePort}/hello`,
    })
    const answer = await shell(follow)
    expect(answer).toMatch(/^HTTP\/1\.1 302 /)
    expect(answer).toMatch(/^location: https:\/\/example\.com\/\r$/im)
  })

  test('a visitor who comes from another page is redirected too', async () => {
    const { status } = await fetch(`http://localhost:${at.edgePort}/hello`, {
      redirect: 'manual',
      headers: { Referer: 'https://news.example.org/page' },
    })
    expect(status).toBe(302)
  })

  test('a second one in this home is refused with the addresses of the first', async () => {
    const { code, output } = await run(at, 'start')
    expect(code).toBe(1)
    expect(output).toContain(`already running (process ${cloud.pid})`)
    expect(output).toContain(`http://localhost:${at.edgePort}`)
  })

  test('status tells that it is ready, where, and what was deployed', async () => {
    const { code, output } = await run(at, 'status')
    expect(code).toBe(0)
    expect(output).toMatch(/is ready, in a terminal/)
    expect(output).toMatch(/Edge .* answers in \d+ ms/)
    expect(output).toContain('Links created')
  })

  test('deploy finds no changes, and an unknown stack is refused', async () => {
    const { code, output } = await run(at, 'deploy')
    expect(output).toMatch(/Links no changes/)
    expect(code).toBe(0)
    expect((await run(at, 'deploy', 'Lnks')).output).toMatch(/expected one of the stacks .*Links.*; got Lnks/)
  })

  test('invoke shows result, log and duration; trigger takes the real way', async () => {
    const invoked = await run(at, 'invoke', 'links/redirect', 'events/links/redirect.get.json')
    expect(invoked.output).toMatch(/✓ links\/redirect answered in \d+ ms/)
    expect(invoked.output).toMatch(/Log:\n {2}\{.*"function":"links\/redirect"/)
    const triggered = await run(at, 'trigger', 'events/links/api.list.json')
    expect(triggered.output).toMatch(/GET http:\/\/127\.0\.0\.1:\d+\/_aws\/execute-api\/.*\nanswered 200/)
  })

  test('reset brings the seeded state back: links are gone, the key works', async () => {
    const { code, output } = await run(at, 'reset')
    expect(output).toContain('The seeded state is back')
    expect(code).toBe(0)
    const answer = await fetch(`http://localhost:${at.edgePort}/api/links/links`, {
      headers: { Authorization: `Bearer ${DEMO_API_KEY}` },
    })
    expect(await answer.json()).toMatchObject({ items: [] })
  })

  test('with AWS_ENDPOINT_URL uses that cloud and leaves it running', async () => {
    const other = await place({ AWS_ENDPOINT_URL: `http://127.0.0.1:${at.cloudPort}` })
    const guest = command(other, 'start')
    try {
      await guest.until(/Ctrl-C stops everything/)
      expect(await isPortFree(other.cloudPort)).toBe(true)
      expect((await fetch(`http://localhost:${other.edgePort}/api/links/health`)).status).toBe(200)
      expect((await run(other, 'reset')).output).toContain('was not started here')
    } finally {
      guest.child.kill('SIGTERM')
      expect(await guest.ended).toEqual({ code: 0, signal: null })
      await other.remove()
    }
    expect(await isPortFree(other.edgePort)).toBe(true)
    expect((await fetch(`http://127.0.0.1:${at.cloudPort}/_localstack/health`)).status).toBe(200)
  })

  test('a crash of LocalStack ends it with the end of the log, and nothing is left', async () => {
    const pids = await family(cloud.pid)
    const [localStack = 0] = await family(cloud.pid).then((all) => all.slice(1))
    process.kill(localStack, 'SIGKILL')
    const { code } = await cloud.ended
    expect(code).toBe(1)
    expect(cloud.output()).toContain('LocalStack ended unexpectedly (SIGKILL)')
    expect(cloud.output()).toContain(`${at.home}/logs/localstack.log`)
    await expectNothingLeft(at, pids)
  })
})

describe.concurrent('the end of a start', { timeout: START_DEADLINE_MS }, () => {
  test('by Ctrl-C once it is ready is a success and leaves no process and no port', async () => {
    const at = await place()
    const cloud = command(at, 'start')
    await cloud.until(/Ctrl-C stops everything/)
    const pids = await family(cloud.pid)
    expect(pids.length).toBeGreaterThan(2)
    cloud.child.kill('SIGINT')
    expect(await cloud.ended).toEqual({ code: 0, signal: null })
    await expectNothingLeft(at, pids)
    await at.remove()
  })

  test('by Ctrl-C before it is ready is 130 and leaves no process and no port', async () => {
    const at = await place()
    const cloud = command(at, 'start')
    await eventually('LocalStack to be started', async () => (await family(cloud.pid)).length > 1, START_DEADLINE_MS)
    const pids = await family(cloud.pid)
    cloud.child.kill('SIGINT')
    expect(await cloud.ended).toEqual({ code: 130, signal: null })
    await expectNothingLeft(at, pids)
    await at.remove()
  })

  test('by Ctrl-C to up before it is ready is 130 and leaves no process and no port', async () => {
    const at = await place()
    const up = command(at, 'up')
    const started = async () => (await run(at, 'status')).output.match(/is starting, .* process (\d+)/)?.[1]
    await eventually('the cloud to be started', async () => (await started()) !== undefined, START_DEADLINE_MS)
    const pids = [up.pid, ...(await family(Number(await started())))]
    up.child.kill('SIGINT')
    expect(await up.ended).toEqual({ code: 130, signal: null })
    await expectNothingLeft(at, pids)
    await at.remove()
  })

  test('by a crash of LocalStack in the middle of the deployment is a refusal with the end of the log', async () => {
    const at = await place()
    const cloud = command(at, 'start')
    await cloud.until(/✓ Start LocalStack/)
    const pids = await family(cloud.pid)
    process.kill(pids[1] ?? 0, 'SIGKILL')
    expect((await cloud.ended).code).toBe(1)
    expect(cloud.output()).toContain('LocalStack ended unexpectedly (SIGKILL)')
    await expectNothingLeft(at, pids)
    await at.remove()
  })

  test('killed outright takes LocalStack with it', async () => {
    const at = await place()
    const cloud = command(at, 'start')
    await eventually('LocalStack to be started', async () => (await family(cloud.pid)).length > 1, START_DEADLINE_MS)
    const pids = await family(cloud.pid)
    cloud.child.kill('SIGKILL')
    await cloud.ended
    // A synthesis that was running has nobody to stop it and comes to its own end.
    await expectNothingLeft(at, pids, START_DEADLINE_MS)
    await at.remove()
  })

  test('of a background cloud is down: up waits until it is ready', async () => {
    const at = await place()
    const up = await run(at, 'up')
    expect(up.code, up.output).toBe(0)
    expect(up.output).toMatch(/✓ Deploy [\s\S]*✓ Seed[\s\S]*Backlot is ready in/)
    const { output } = await run(at, 'status')
    const pids = await family(Number(/process (\d+)/.exec(output)?.[1]))
    expect(output).toContain('in the background')
    expect((await fetch(`http://localhost:${at.edgePort}/api/links/health`)).status).toBe(200)
    expect((await run(at, 'down')).code).toBe(0)
    await expectNothingLeft(at, pids)
    expect((await run(at, 'status')).output).toContain('No local cloud runs')
    await at.remove()
  })
})
