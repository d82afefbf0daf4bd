/** The protocol engine's storage interface over `tokens.store.ts`. Decides what a second use means. */
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import { type Clock, epochSeconds } from '#core/clock.ts'
import type { Random } from '#core/random.ts'
import { seal, unseal } from '#core/sealed.ts'
import { RepeatedRefresh } from './repeated-refresh.ts'
import type { TokensStore } from './tokens.store.ts'

/** What the engine stores without an end: about a year. */
const DEFAULT_LIFETIME_SECONDS = 365 * 86_400

export interface AdapterOptions {
  readonly store: TokensStore
  readonly findClient: (id: string) => Promise<AdapterPayload | undefined>
  /** Derived for the purpose `oauth`. */
  readonly key: () => Promise<Uint8Array>
  readonly clock: Clock
  readonly random: Random
}

/** `factory(model)` as the engine asks for it. */
export const adapterFactory =
  (options: AdapterOptions) =>
  (model: string): Adapter =>
    model === 'Client' ? clientAdapter(options) : tokenAdapter(model, options)

/** Clients are made by our API alone. */
const clientAdapter = ({ findClient }: AdapterOptions): Adapter => ({
  find: findClient,
  upsert: unsupported,
  consume: unsupported,
  destroy: unsupported,
  findByUid: unsupported,
  findByUserCode: unsupported,
  revokeByGrantId: unsupported,
})

const unsupported = async (): Promise<never> => {
  throw new Error('expected no such call for this model')
}

function tokenAdapter(model: string, { store, key, clock, random }: AdapterOptions): Adapter {
  const now = () => epochSeconds(clock.now())
  const find = async (id: string): Promise<AdapterPayload | undefined> => {
    const found = await store.find(model, id, now())
    if (found === undefined) return undefined
    const { payload, consumedAt } = found
    return { ...payload, jti: id, ...(consumedAt !== undefined && { consumed: consumedAt }) }
  }
  return {
    find,
    async upsert(id, payload, expiresIn) {
      const end = now() + (expiresIn || DEFAULT_LIFETIME_SECONDS)
      // Whoever presents one proof twice at once: one of them is first.
      if (!(await store.put(model, id, payload, end, model === 'ReplayDetection')))
        throw new errors.InvalidRequest('proof was used before')
      if (model === 'Session' && payload.uid !== undefined)
        await store.put('Uid', payload.uid, { sealed: seal(id, payload.uid, await key(), random) }, end)
    },
    async consume(id) {
      const found = await store.find(model, id, now())
      const grantId = found?.payload['grantId'] as string | undefined
      const outcome = await store.consume(model, id, grantId, now())
      if (outcome === 'done') return
      // Found unused a moment ago: somebody who asked at the same time was first.
      if (outcome === 'used' && model === 'RefreshToken') throw new RepeatedRefresh()
      throw new errors.InvalidGrant('it was used before, or its grant is gone')
    },
    destroy: (id) => store.remove(model, id),
    async findByUid(uid) {
      const pointer = await store.find('Uid', uid, now())
      return pointer === undefined ? undefined : find(unseal(String(pointer.payload['sealed']), uid, await key()))
    },
    // The device flow is not offered.
    findByUserCode: unsupported,
    /** The grant is the family: without it none of its tokens can be used. */
    revokeByGrantId: (grantId) => store.remove('Grant', grantId),
  }
}
