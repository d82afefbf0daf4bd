/** What the protocol engine stores: single use under concurrency, families, and that nothing stored can be presented. */
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import { adapterFactory } from '../../../functions/auth/oauth2/adapter.ts'
import { RepeatedRefresh } from '../../../functions/auth/oauth2/repeated-refresh.ts'
import { createTokensStore, idHash } from '../../../functions/auth/oauth2/tokens.store.ts'
import { MINUTE } from '../../../layers/core/clock.ts'
import { systemRandom } from '../../../layers/core/random.ts'
import { clockAt } from '../../unit/core/doubles.ts'
import { scratchTable } from '../links/scratch-table.ts'

const table = scratchTable()
const store = createTokensStore(table.client, table.name)
const clock = clockAt('2026-11-21T10:15:00.000Z')
const key = async () => new Uint8Array(32).fill(7)
const adapterOf = adapterFactory({ store, key, findClient: async () => undefined, clock, random: systemRandom })
const [tokens, grants, codes, sessions, proofs] = [
  'RefreshToken',
  'Grant',
  'AuthorizationCode',
  'Session',
  'ReplayDetection',
].map(adapterOf) as [
  ReturnType<typeof adapterOf>,
  ReturnType<typeof adapterOf>,
  ReturnType<typeof adapterOf>,
  ReturnType<typeof adapterOf>,
  ReturnType<typeof adapterOf>,
]

async function family(): Promise<{ readonly grantId: string; readonly token: string }> {
  const [grantId, token] = [ulid(), ulid()]
  await grants.upsert(grantId, { accountId: 'usr_1' }, 60)
  await tokens.upsert(token, { grantId, accountId: 'usr_1', jti: token }, 60)
  return { grantId, token }
}

describe('a refresh token', () => {
  it('is used once, of fifty at the same time; the others repeat', async () => {
    const { token } = await family()
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => tokens.consume(token)))
    const lost = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(lost).toHaveLength(49)
    // Under such a crowd DynamoDB may also say that others hold the item; whoever hears that asks again.
    const passing = (error: Error) => error.name === 'TransactionCanceledException'
    expect(lost.every((error) => error instanceof RepeatedRefresh || passing(error))).toBe(true)
    expect(await tokens.find(token)).toMatchObject({ consumed: clock.now().getTime() / 1_000 })
  })

  it('dies with its family, however new', async () => {
    const { grantId, token } = await family()
    await tokens.revokeByGrantId(grantId)
    await expect(tokens.consume(token)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(tokens.consume(token)).rejects.not.toBeInstanceOf(RepeatedRefresh)
  })

  it('is over at its end, although it is still stored', async () => {
    const { token } = await family()
    clock.advance(MINUTE - 1)
    expect(await tokens.find(token)).toMatchObject({ jti: token })
    clock.advance(1)
    expect(await tokens.find(token)).toBeUndefined()
  })

  it('costs a read unit and four write units', async () => {
    const { token } = await family()
    expect(await table.unitsOf(() => tokens.consume(token))).toBe(5)
  })
})

it('a code is used once', async () => {
  const [grantId, code] = [ulid(), ulid()]
  await grants.upsert(grantId, {}, 60)
  await codes.upsert(code, { grantId }, 60)
  await codes.consume(code)
  await expect(codes.consume(code)).rejects.toMatchObject({ error: 'invalid_grant' })
})

it('of two who show one proof one is refused', async () => {
  const id = ulid()
  const shown = await Promise.allSettled([proofs.upsert(id, {}, 60), proofs.upsert(id, {}, 60)])
  expect(shown.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
})

it('a session is found by its uid, and nothing that is stored has its id', async () => {
  const [id, uid] = [ulid(), ulid()]
  await sessions.upsert(id, { uid, jti: id, accountId: 'usr_1' }, 60)
  expect(await sessions.findByUid(uid)).toMatchObject({ jti: id, accountId: 'usr_1' })
  const items = [
    ...(await table.itemsOf(`OIDC#Session#${idHash(id)}`)),
    ...(await table.itemsOf(`OIDC#Uid#${idHash(uid)}`)),
  ]
  expect(items).toHaveLength(2)
  expect(JSON.stringify(items)).not.toContain(id)
  await sessions.destroy(id)
  expect(await sessions.findByUid(uid)).toBeUndefined()
})

it('models do not share ids', async () => {
  const id = ulid()
  await tokens.upsert(id, {}, 60)
  expect(await codes.find(id)).toBeUndefined()
})
