import { describe, expect, it } from 'vitest'
import { CAPABILITY_NAMES, defineCapabilities } from '../../infra/capabilities.ts'
import { environmentOf } from '../../infra/environments.ts'

const ORIGIN = { BACKLOT_PUBLIC_ORIGIN: 'https://go.example.com' }
const CERTIFICATE = { BACKLOT_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111111111111:certificate/x' }

const environment = (variables: Record<string, string>, context: Record<string, unknown> = {}) =>
  environmentOf({ context: (name) => context[name], variables })

describe('environmentOf', () => {
  it('is local without a choice', () => {
    expect(environment({})).toMatchObject({ name: 'local', prefix: 'backlot', publicOrigin: 'http://localhost:4000' })
  })

  it('is what BACKLOT_ENV says, unless the CDK context says otherwise', () => {
    expect(environment({ BACKLOT_ENV: 'localstack' }).name).toBe('localstack')
    expect(environment({ BACKLOT_ENV: 'localstack' }, { env: 'local' }).name).toBe('local')
  })

  it('refuses a name that it does not know', () => {
    expect(() => environment({ BACKLOT_ENV: 'staging' })).toThrow('one of local, localstack, dev, prod, got staging')
  })

  it('refuses a setting that is not text', () => {
    expect(() => environment({}, { env: { name: 'local' } })).toThrow('expected env to be text, got {"name":"local"}')
  })

  it('pins the local account, so that a local assembly is never deployed to a real one', () => {
    expect(environment({ CDK_DEFAULT_ACCOUNT: '111111111111' }).account).toBe('000000000000')
    expect(environment({ BACKLOT_ENV: 'dev', CDK_DEFAULT_ACCOUNT: '111111111111', ...ORIGIN }).account).toBe(
      '111111111111',
    )
  })

  it('serves the local edge on BACKLOT_PORT', () => {
    expect(environment({ BACKLOT_PORT: '4711' }).publicOrigin).toBe('http://localhost:4711')
  })

  it('prefixes dev, so that it fits beside prod in one account', () => {
    expect(environment({ BACKLOT_ENV: 'dev', ...ORIGIN }).prefix).toBe('backlot-dev')
    expect(environment({ BACKLOT_ENV: 'prod', ...ORIGIN, ...CERTIFICATE })).toMatchObject({
      prefix: 'backlot',
      keepsData: true,
    })
  })

  it.each(['', 'http://go.example.com', 'https://go.example.com/', 'https://go.example.com/path', 'go.example.com'])(
    'refuses the public origin %j on AWS',
    (value) => {
      expect(() => environment({ BACKLOT_ENV: 'dev', BACKLOT_PUBLIC_ORIGIN: value })).toThrow(
        'expected the public origin',
      )
    },
  )

  it('refuses prod without a certificate', () => {
    expect(() => environment({ BACKLOT_ENV: 'prod', ...ORIGIN })).toThrow('expected an ACM certificate')
  })
})

describe('capabilities', () => {
  it('are all there on AWS', () => {
    const aws = defineCapabilities('aws')
    // What is there for the sake of one machine is nowhere else.
    expect(CAPABILITY_NAMES.filter((name) => !aws[name])).toEqual(['inbox', 'loopbackRequests'])
  })

  it('tell LocalStack as a process from LocalStack in Docker', () => {
    expect(CAPABILITY_NAMES.filter((name) => defineCapabilities('local')[name])).toEqual([
      'lambdaLayers',
      'inbox',
      'loopbackRequests',
    ])
    expect(CAPABILITY_NAMES.filter((name) => defineCapabilities('localstack')[name])).toEqual([
      'alarms',
      'inbox',
      'loopbackRequests',
    ])
  })
})
