/** What every `IdempotencyStore` does. Run on the real table (test/contract) and on the double that unit tests use. */
import { expect, it } from 'vitest'
import type { HttpAnswer } from '#core/exchange.ts'
import type { Begin, IdempotencyStore, IdempotentRequest } from '#core/idempotency.ts'

const SECOND = 1_000
const DAY = 86_400 * SECOND
const ANSWER: HttpAnswer = { status: 201, headers: { location: '/things/1' }, body: '{"id":"ü"}' }

/** `unique` is part of every key, so that two runs on one table never meet. */
export function idempotencyStoreCases(store: () => IdempotencyStore, unique: string): void {
  // Real time: a table with TTL may delete what is long over.
  const start = Math.floor(Date.now() / SECOND) * SECOND
  const at = (ms: number) => new Date(start + ms)
  let requests = 0
  const request = (key: string, more: Partial<IdempotentRequest> = {}): IdempotentRequest => {
    requests += 1
    return { workspaceId: `wsp_${unique}`, key, fingerprint: 'f1', owner: `request-${requests}`, ...more }
  }
  const begin = (one: IdempotentRequest, ms = 0): Promise<Begin> =>
    store().begin(one, at(ms), at(ms + 12 * SECOND), at(ms + DAY))

  it('lets one of many simultaneous requests start', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => begin(request('race'))))
    expect(all.map(({ kind }) => kind).sort()).toEqual(['running', ...Array(8).fill('running'), 'started'])
  })

  it('says until when the first may run', async () => {
    await begin(request('running'))
    expect(await begin(request('running'), SECOND)).toEqual({ kind: 'running', lockedUntil: at(12 * SECOND) })
  })

  it('gives the answer back as it was stored', async () => {
    const first = request('done')
    await begin(first)
    expect(await store().complete(first, ANSWER)).toBe(true)
    expect(await begin(request('done'), DAY - SECOND)).toEqual({ kind: 'done', answer: ANSWER })
  })

  it('gives an answer without a body back', async () => {
    const first = request('empty')
    await begin(first)
    await store().complete(first, { status: 204, headers: {} })
    expect(await begin(request('empty'))).toEqual({ kind: 'done', answer: { status: 204, headers: {} } })
  })

  it('knows another request, running, done or abandoned', async () => {
    const first = request('other')
    await begin(first)
    expect(await begin(request('other', { fingerprint: 'f2' }))).toEqual({ kind: 'other_request' })
    expect(await begin(request('other', { fingerprint: 'f2' }), 60 * SECOND)).toEqual({ kind: 'other_request' })
    await store().complete(first, ANSWER)
    expect(await begin(request('other', { fingerprint: 'f2' }))).toEqual({ kind: 'other_request' })
  })

  it('keeps the keys of workspaces apart', async () => {
    await begin(request('shared'))
    expect(await begin(request('shared', { workspaceId: `wsp_${unique}_2` }))).toEqual({ kind: 'started' })
  })

  it('lets one of many take over an abandoned lock, at the moment it is over', async () => {
    const crashed = request('crash')
    await begin(crashed)
    expect((await begin(request('crash'), 12 * SECOND - 1)).kind).toBe('running')
    const all = await Promise.all(Array.from({ length: 5 }, () => begin(request('crash'), 12 * SECOND)))
    expect(all.filter(({ kind }) => kind === 'started')).toHaveLength(1)
    expect(await store().complete(crashed, ANSWER)).toBe(false)
    await store().release(crashed)
    expect((await begin(request('crash'), 13 * SECOND)).kind).toBe('running')
  })

  it('starts anew when the record is over, whether or not it is still there', async () => {
    const first = request('old')
    await begin(first)
    await store().complete(first, ANSWER)
    expect(await begin(request('old', { fingerprint: 'f2' }), DAY)).toEqual({ kind: 'started' })
  })

  it('is free after a release', async () => {
    const first = request('released')
    await begin(first)
    await store().release(first)
    expect(await begin(request('released', { fingerprint: 'f2' }))).toEqual({ kind: 'started' })
  })

  it('recognises its own lock when a write was repeated', async () => {
    const first = request('repeated')
    await begin(first)
    expect(await begin(first)).toEqual({ kind: 'started' })
    expect(await store().complete(first, ANSWER)).toBe(true)
    expect(await store().complete(first, ANSWER)).toBe(true)
  })

  it('tells keys apart whatever characters they are made of', async () => {
    for (const key of ['a#b', 'a', 'a#', '#a', '~!"$%&/()=', 'x'.repeat(255)])
      expect(await begin(request(key))).toEqual({ kind: 'started' })
  })
}
