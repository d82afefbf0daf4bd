/** `npm start` with every stack, and what is used beside it, as a user runs them. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readOutputs } from '../../local/outputs.ts'
import { isPortFree } from '../../local/ports.ts'
import { DEMO_API_KEY } from '../../local/seed.ts'
import {
  command,
  expectNothingLeft,
  family,
  type Place,
  place,
  type Running,
  run,
  START_DEADLINE_MS,
} from './checkout-commands.ts'

const shell = async (line: string): Promise<string> => (await promisify(execFile)('sh', ['-c', line])).stdout

const pasted = (output: string): string[] => output.split('\n').filter((line) => line.startsWith('    curl '))

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

  test('with AWS_ENDPOINT_URL uses that cloud and leaves it running', async () => {
    const other = await place({ AWS_ENDPOINT_URL: `http://127.0.0.1:${at.cloudPort}` })
    const guest = command(other, 'start', 'Links')
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
