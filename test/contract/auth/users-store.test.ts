/** Users and sessions: who wins when many follow one link, and what a new password ends. */
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import type { User } from '../../../functions/auth/people/user.ts'
import { createUsersStore } from '../../../functions/auth/people/users.store.ts'
import { hashSecret } from '../../../functions/auth/secret-token.ts'
import { newSession } from '../../../functions/auth/sessions/session.ts'
import { createSessionsStore } from '../../../functions/auth/sessions/sessions.store.ts'
import { HOUR, SECOND } from '../../../layers/core/clock.ts'
import { scratchTable } from '../links/scratch-table.ts'

const table = scratchTable()
const users = createUsersStore(table.client, table.name)
const sessions = createSessionsStore(table.client, table.name)

const NOW = new Date('2026-11-21T10:15:00.000Z')
const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds)
const newEmail = () => `${ulid().toLowerCase()}@example.com`
const linkOf = (secret: string, request = `mrq_${ulid()}`) => ({
  hash: hashSecret(secret),
  request,
  expiresAt: later(HOUR),
})
const userOf = (email: string): User => ({
  id: `usr_${ulid()}`,
  email,
  passwordHash: 'old',
  epoch: 1,
  createdAt: NOW.toISOString(),
  passwordChangedAt: NOW.toISOString(),
})

async function registered(email = newEmail()): Promise<User> {
  const user = userOf(email)
  await users.putRegistration(email, linkOf('secret'))
  expect(await users.register(user, hashSecret('secret'), NOW)).toBe(true)
  return user
}

describe('a registration', () => {
  it('makes the user and their address, and uses the link up', async () => {
    const user = await registered()
    expect(await users.find(user.id)).toEqual(user)
    expect(await users.findByEmail(user.email)).toEqual(user)
    expect(await table.itemsOf(`EMAIL#${user.email}`)).toHaveLength(1)
    expect(await users.isNewestRegistration(user.email, hashSecret('secret'), NOW)).toBe(false)
    expect(await users.register(userOf(user.email), hashSecret('secret'), NOW)).toBe(false)
  })

  it.each([
    ['with another secret', 'other', 0, false],
    ['a moment before its end', 'secret', HOUR - 1, true],
    ['at its end', 'secret', HOUR, false],
  ])('%s', async (_, secret, ms, works) => {
    const email = newEmail()
    await users.putRegistration(email, linkOf('secret'))
    expect(await users.isNewestRegistration(email, hashSecret(secret), later(ms))).toBe(works)
    expect(await users.register(userOf(email), hashSecret(secret), later(ms))).toBe(works)
  })

  it('is for the newest link, whatever order the requests come in', async () => {
    const email = newEmail()
    const [older, newer] = [`mrq_${ulid(1)}`, `mrq_${ulid(2)}`]
    await users.putRegistration(email, linkOf('newer', newer))
    await users.putRegistration(email, linkOf('older', older))
    expect(await users.register(userOf(email), hashSecret('older'), NOW)).toBe(false)
    expect(await users.register(userOf(email), hashSecret('newer'), NOW)).toBe(true)
  })

  it('is done once, of twenty at the same time', async () => {
    const email = newEmail()
    await users.putRegistration(email, linkOf('secret'))
    const all = Array.from({ length: 20 }, () => userOf(email))
    const done = await Promise.all(all.map((user) => users.register(user, hashSecret('secret'), NOW)))
    expect(done.filter(Boolean)).toHaveLength(1)
    expect((await users.findByEmail(email))?.id).toBe(all[done.indexOf(true)]?.id)
  })
})

describe('a reset', () => {
  it('sets the password once, of twenty at the same time', async () => {
    const user = await registered()
    await users.putReset(user.id, linkOf('secret'))
    expect(await users.findByReset(user.id, hashSecret('secret'), NOW)).toEqual(user)
    const done = await Promise.all(
      Array.from({ length: 20 }, (_, n) => users.resetPassword(user.id, hashSecret('secret'), `hash ${n}`, later(1))),
    )
    expect(done.filter(Boolean)).toHaveLength(1)
    const changedAt = later(1).toISOString()
    const changed = { ...user, epoch: 2, passwordChangedAt: changedAt, passwordHash: `hash ${done.indexOf(true)}` }
    expect(await users.find(user.id)).toEqual(changed)
    expect(await users.findByReset(user.id, hashSecret('secret'), NOW)).toBeUndefined()
  })

  it('that was used does not come back with its message delivered late', async () => {
    const user = await registered()
    const link = linkOf('secret')
    await users.putReset(user.id, link)
    expect(await users.resetPassword(user.id, link.hash, 'new', NOW)).toBe(true)
    await users.putReset(user.id, link)
    expect(await users.resetPassword(user.id, link.hash, 'stolen', NOW)).toBe(false)
  })

  it.each([
    ['with another secret', 'other', 0],
    ['at its end', 'secret', HOUR],
  ])('%s is refused', async (_, secret, ms) => {
    const user = await registered()
    await users.putReset(user.id, linkOf('secret'))
    expect(await users.findByReset(user.id, hashSecret(secret), later(ms))).toBeUndefined()
    expect(await users.resetPassword(user.id, hashSecret(secret), 'new', later(ms))).toBe(false)
  })

  it('of nobody makes nobody', async () => {
    const nobody = `usr_${ulid()}`
    await users.putReset(nobody, linkOf('secret'))
    expect(await users.find(nobody)).toBeUndefined()
  })
})

describe('a session', () => {
  const begun = async (user: User, at = NOW) => {
    const session = newSession(user, { id: `ses_${ulid(at.getTime())}`, secret: 's', userAgent: 'x', now: at })
    await sessions.create(session)
    return session
  }

  it('is read with its user, and is gone once it was revoked', async () => {
    const user = await registered()
    const session = await begun(user)
    expect(await sessions.find(user.id, session.id)).toMatchObject({ session, user: { id: user.id, epoch: 1 } })
    expect(await sessions.revoke(user.id, session.id)).toBe(true)
    expect(await sessions.find(user.id, session.id)).toBeUndefined()
    expect(await sessions.revoke(user.id, session.id)).toBe(false)
    // A request that was on its way must not bring it back.
    await sessions.touch(session, later(SECOND))
    expect(await sessions.find(user.id, session.id)).toBeUndefined()
  })

  it('tells when it was seen last, and its list has the newest first', async () => {
    const user = await registered()
    const [first, second] = [await begun(user), await begun(user, later(SECOND))]
    await sessions.touch(first, later(HOUR))
    expect(await sessions.list(user.id)).toEqual([second, { ...first, lastSeenAt: later(HOUR).toISOString() }])
  })

  it('costs two read units a request', async () => {
    const user = await registered()
    const { id } = await begun(user)
    expect(await table.unitsOf(() => sessions.find(user.id, id))).toBe(2)
  })
})
