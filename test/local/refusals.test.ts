/** What the commands refuse, each quickly and with what to do. No cloud is started. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../local/ports.ts'
import { type Place, place, run } from './checkout-commands.ts'

let at: Place
beforeAll(async () => {
  at = await place()
})
afterAll(() => at.remove())

const refusal = async (where: Place, ...args: readonly string[]): Promise<string> => {
  const { code, output } = await run(where, ...args)
  expect(code, output).toBe(1)
  expect(output, 'no stack of ours').not.toMatch(/^\s+at .*\.ts:\d+/m)
  return output
}

test.each([
  ['BACKLOT_PORT', '127.0.0.1'],
  ['BACKLOT_PORT', '::1'],
  ['BACKLOT_CLOUD_PORT', '127.0.0.1'],
])('a %s that is taken on %s is refused by its holder', async (variable, host) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  try {
    const { port } = server.address() as AddressInfo
    const where = { ...at, environment: { ...at.environment, [variable]: String(port) } }
    for (const command of ['start', 'up']) {
      const output = await refusal(where, command)
      expect(output).toContain(`expected port ${port} to be free; process ${process.pid} `)
      expect(output).toContain(`set ${variable} to another port`)
    }
  } finally {
    server.close()
  }
})

test.each([['start'], ['deploy'], ['trigger', 'events/links/api.list.json']])(
  '%s with an AWS_ENDPOINT_URL that does not answer is refused',
  async (...args) => {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    const where = { ...at, environment: { ...at.environment, AWS_ENDPOINT_URL: endpoint } }
    const output = await refusal(where, ...args)
    expect(output).toContain(`expected a cloud at AWS_ENDPOINT_URL=${endpoint}; it does not answer (ECONNREFUSED)`)
  },
)

test.each([
  ['deploy'],
  ['reset'],
  ['invoke', 'links/api', 'events/links/api.list.json'],
  ['trigger', 'events/links/api.list.json'],
])('%s without a cloud says how to start one', async (...args) => {
  expect(await refusal(at, ...args)).toMatch(/No local cloud runs in this checkout\.\n.*`npm start`/)
})

test('down without a cloud is no failure', async () => {
  expect(await run(at, 'down')).toMatchObject({ code: 0, output: expect.stringContaining('No local cloud runs') })
})

test('an unknown command lists those that there are', async () => {
  const output = await refusal(at, 'strat')
  expect(output).toContain('there is no command strat')
  for (const name of [
    'start',
    'up',
    'down',
    'reset',
    'status',
    'deploy',
    'invoke',
    'trigger',
    'test',
    'check',
    'bench',
    'openapi',
  ])
    expect(output).toContain(`npm run ${name}`)
})

test('an unknown function is refused with the nearest names', async () => {
  const output = await refusal(at, 'invoke', 'links/redirct', 'events/links/redirect.get.json')
  expect(output).toContain('There is no function links/redirct.\nDid you mean links/redirect')
})

test('deploy to AWS is refused while AWS_ENDPOINT_URL is set', async () => {
  const where = { ...at, environment: { ...at.environment, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } }
  expect(await refusal(where, 'deploy', '--env', 'dev')).toContain('AWS_ENDPOINT_URL is http://127.0.0.1:1')
})

test('deploy to AWS without credentials is refused before anything is asked', async () => {
  const where = {
    ...at,
    environment: {
      ...at.environment,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_CONFIG_FILE: '/nonexistent',
    },
  }
  expect(await refusal(where, 'deploy', '--env', 'dev')).toMatch(/AWS does not know who you are: [\s\S]*AWS_PROFILE/)
})
