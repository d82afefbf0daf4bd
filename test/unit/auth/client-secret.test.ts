import { expect, it } from 'vitest'
import { isClientSecret } from '../../../functions/auth/oauth2/provider.ts'
import { hashSecret } from '../../../functions/auth/secret-token.ts'
import { confidential, newEngine, SECRET } from './engine.ts'

const END = '2026-11-21T10:00:00.000Z'
const client = {
  clientSecret: hashSecret('new'),
  previous_secret: hashSecret('old'),
  previous_secret_ends_at: END,
}
const at = (ms: number) => new Date(Date.parse(END) + ms)

it.each([
  ['new', at(0), true],
  ['old', at(-1), true],
  ['old', at(0), false],
  ['other', at(-1), false],
  ['', at(-1), false],
])('%s is the secret at %s: %s', (given, now, good) => {
  expect(isClientSecret(client, given, now)).toBe(good)
})

it('a client without a previous secret has none', () => {
  expect(isClientSecret({ clientSecret: hashSecret('new') }, '', at(-1))).toBe(false)
})

it('the engine takes both while they overlap', async () => {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  const rotated = { secretHash: hashSecret('another'), previousSecretHash: hashSecret(SECRET) }
  const engine = newEngine([
    confidential({ ...rotated, previousSecretEndsAt: tomorrow }),
    confidential({ id: 'cli_2', ...rotated, previousSecretEndsAt: END }),
  ])
  const form = { grant_type: 'client_credentials', scope: 'links:read' }
  expect((await engine.token(form)).statusCode).toBe(200)
  const late = newEngine([confidential({ ...rotated, previousSecretEndsAt: '2020-01-01T00:00:00.000Z' })])
  expect(await late.token(form)).toMatchObject({ statusCode: 401, json: { error: 'invalid_client' } })
})
