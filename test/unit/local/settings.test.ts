import { describe, expect, test } from 'vitest'
import { parseDeployArguments } from '../../../local/commands/deploy.ts'
import { readSettings } from '../../../local/settings.ts'

describe('settings', () => {
  test('have defaults', () => {
    expect(readSettings({})).toMatchObject({ edgePort: 4000, cloudPort: 4566, external: undefined })
  })

  test('come from the variables', () => {
    const settings = readSettings({ BACKLOT_PORT: '1', BACKLOT_CLOUD_PORT: '65535', BACKLOT_HOME: '/somewhere' })
    expect(settings).toMatchObject({ edgePort: 1, cloudPort: 65_535 })
    expect(settings.home.root).toBe('/somewhere')
  })

  test.each(['0', '65536', '80.5', 'http', '-1', ' '])('a port %j is refused by its variable and value', (port) => {
    expect(() => readSettings({ BACKLOT_PORT: port })).toThrow(`BACKLOT_PORT to be a port from 1 to 65535, got ${port}`)
  })

  test('AWS_ENDPOINT_URL names another cloud, in the region of the environment', () => {
    expect(readSettings({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9/', AWS_REGION: 'eu-west-1' }).external).toEqual({
      endpoint: 'http://127.0.0.1:9',
      region: 'eu-west-1',
    })
    expect(readSettings({ AWS_ENDPOINT_URL: '' }).external).toBeUndefined()
  })

  test.each(['localhost:4566', 'ftp://x', 'nonsense'])('AWS_ENDPOINT_URL=%s is refused', (url) => {
    expect(() => readSettings({ AWS_ENDPOINT_URL: url })).toThrow(
      `expected AWS_ENDPOINT_URL to be an http URL, got ${url}`,
    )
  })
})

describe('arguments of deploy', () => {
  test('are stacks, an environment and consent', () => {
    expect(parseDeployArguments([])).toEqual({ environment: 'local', stacks: [], yes: false })
    expect(parseDeployArguments(['links', 'docs', '--env', 'dev', '--yes'])).toEqual({
      environment: 'dev',
      stacks: ['links', 'docs'],
      yes: true,
    })
  })

  test('an unknown environment is refused with those that there are', () => {
    expect(() => parseDeployArguments(['--env', 'staging'])).toThrow(
      'expected --env to be one of local, localstack, dev, prod, got staging',
    )
  })

  test('an unknown option is refused, not ignored', () => {
    expect(() => parseDeployArguments(['--force'])).toThrow(expect.objectContaining({ name: 'Refusal' }))
  })
})
