/** Refresh tokens through the engine: one successor whoever asks how often, and the family ends when a token comes late. */
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  isRepeat,
  REPEAT_WINDOW_SECONDS,
  UNANSWERED_WINDOW_SECONDS,
} from '../../../functions/auth/oauth2/repeated-refresh.ts'
import { SECOND } from '../../../layers/core/clock.ts'
import { type Engine, newEngine } from './engine.ts'

let engine: Engine
let token: string
beforeEach(async () => {
  engine = newEngine()
  token = await engine.refreshToken()
})
const refresh = (refresh_token: string, more: Record<string, string> = {}, from?: Parameters<Engine['token']>[1]) =>
  engine.token({ grant_type: 'refresh_token', refresh_token, ...more }, from)
const refused = { statusCode: 400, json: { error: 'invalid_grant' } }

describe('a refresh token', () => {
  it('is replaced, and its repeat within the window gets the same bytes', async () => {
    const first = await refresh(token)
    expect(first).toMatchObject({ statusCode: 200, json: { token_type: 'Bearer', expires_in: 600 } })
    expect(first.json.refresh_token).not.toBe(token)
    engine.clock.advance((REPEAT_WINDOW_SECONDS - 1) * SECOND)
    expect((await refresh(token)).body).toBe(first.body)
    expect((await refresh(first.json.refresh_token)).statusCode).toBe(200)
  })

  it('has one successor, of fifty at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(token)))
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1)
  })

  it('that comes again later ends the family, with its newest token', async () => {
    const first = await refresh(token)
    engine.clock.advance((REPEAT_WINDOW_SECONDS + 1) * SECOND)
    expect(await refresh(token)).toMatchObject(refused)
    expect(await refresh(first.json.refresh_token)).toMatchObject(refused)
  })

  it('is judged by when it arrived, however long it waited', async () => {
    const arrivedAt = engine.clock.now()
    const first = await refresh(token)
    engine.clock.advance(30 * SECOND)
    expect((await refresh(token, {}, { arrivedAt })).body).toBe(first.body)
  })

  it('tells to try again as long as the first has no answer, and then takes it for a theft', async () => {
    await refresh(token)
    engine.store.items.delete(`RefreshAnswer#${token}`)
    const waiting = await refresh(token)
    expect(waiting).toMatchObject({ statusCode: 503, json: { error: 'temporarily_unavailable' } })
    expect(waiting.headers['retry-after']).toBe('1')
    expect(engine.pauses).toEqual([50, 250, 1_000])
    engine.clock.advance((UNANSWERED_WINDOW_SECONDS + 1) * SECOND)
    expect(await refresh(token)).toMatchObject(refused)
  })

  it('gives nothing to another client, another scope or another person’s password, and kills nothing for it', async () => {
    const first = await refresh(token)
    expect(await refresh(token, {}, { id: 'cli_2' })).toMatchObject(refused)
    expect(await refresh(token, { scope: 'openid links:read' })).toMatchObject(refused)
    expect((await refresh(first.json.refresh_token)).statusCode).toBe(200)
  })

  it('gives nothing more once the password was changed, nor once the grant is gone', async () => {
    await refresh(token)
    const user = engine.users.get('usr_1')
    if (user === undefined) throw new Error('expected a user')
    const passwordChangedAt = new Date(engine.clock.now().getTime() + 5 * SECOND).toISOString()
    engine.users.set('usr_1', { ...user, passwordChangedAt })
    expect(await refresh(token)).toMatchObject(refused)
    engine.users.set('usr_1', user)
    for (const key of engine.store.items.keys()) if (key.startsWith('Grant#')) engine.store.items.delete(key)
    expect(await refresh(token)).toMatchObject(refused)
  })

  it('is kept nowhere in clear, nor is what came of it', async () => {
    const first = await refresh(token)
    const kept = JSON.stringify(engine.store.items.get(`RefreshAnswer#${token}`))
    expect(kept).not.toContain(first.json.refresh_token)
    expect(kept).not.toContain(first.json.access_token)
  })
})

it('a repeat is what comes before the end of its window, and no window is longer than a minute', () => {
  const seconds = fc.integer({ min: 1_700_000_000, max: 1_900_000_000 })
  fc.assert(
    fc.property(
      seconds,
      fc.option(fc.nat(60), { nil: undefined }),
      fc.integer({ min: -60, max: 200 }),
      (used, wait, after) => {
        const answered = wait === undefined ? undefined : used + wait
        const end = answered === undefined ? used + 60 : answered + 10
        expect(isRepeat(used, answered, new Date((used + after) * SECOND))).toBe(used + after < end)
      },
    ),
  )
  expect(Math.max(REPEAT_WINDOW_SECONDS, UNANSWERED_WINDOW_SECONDS)).toBeLessThanOrEqual(60)
})
