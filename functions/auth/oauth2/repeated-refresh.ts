/**
 * A refresh token that comes again (RFC 9700 §4.14.2). An answer that was lost and two tabs at once are no theft: whoever
 * repeats the request within a few seconds is given the very answer of the first, so a family never has two heads. Later
 * it is a theft, and the engine ends the family.
 *
 *     first     consume ✓ ── new tokens ── answer, and the answer sealed for whoever has the old token
 *     repeat    consumed within the window ── waits for the sealed answer ── the same bytes
 *     thief     the same within the window: holds the same successor, which betrays him at its second use
 *     later     consumed ── family revoked, `invalid_grant`
 *
 * It counts when the request arrived, not when a function had a place for it. Never decides anything that the engine has
 * not checked before: the client, the scope, the grant and the person are its.
 */
import { createHmac } from 'node:crypto'
import type Provider from 'oidc-provider'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { type Clock, epochSeconds, SECOND } from '#core/clock.ts'
import type { Random } from '#core/random.ts'
import { seal, unseal } from '#core/sealed.ts'
import { arrivalOf } from './node-http.ts'
import type { TokensStore } from './tokens.store.ts'

/** From when the first one's answer is there. A client gives up and tries again within it; a thief gains nothing by it. */
export const REPEAT_WINDOW_SECONDS = 10
/** As long as no answer is there, whoever comes is told to try again: the first is at work, or it died. */
export const UNANSWERED_WINDOW_SECONDS = 60
/** Longer than both, so that an answer that is gone is not taken for one that is not there yet. */
const ANSWER_LIFETIME_SECONDS = 3 * UNANSWERED_WINDOW_SECONDS
/** Before each look for the first one's answer, which is a few writes and a signature away. */
const WAITS_MS = [50, 250, 1_000] as const
const MODEL = 'RefreshAnswer'

/** Told apart from other refusals by its class alone; whoever gets it as an answer sees `invalid_grant`. */
export class RepeatedRefresh extends errors.InvalidGrant {
  constructor() {
    super('refresh token was just used')
  }
}

/** Whether a token comes again as a repeat, not as a theft. Times of its use and of its answer in epoch seconds. */
export function isRepeat(consumedAt: number, answeredAt: number | undefined, arrivedAt: Date): boolean {
  const end = answeredAt === undefined ? consumedAt + UNANSWERED_WINDOW_SECONDS : answeredAt + REPEAT_WINDOW_SECONDS
  return arrivedAt.getTime() < end * SECOND
}

/** For the engine's last check before it looks whether a token was used. Throws `RepeatedRefresh`. */
export async function refuseRepeat(
  ctx: KoaContextWithOIDC,
  token: object | undefined,
  { store, clock }: RepeatOptions,
): Promise<void> {
  const consumedAt = token !== undefined && 'consumed' in token ? token.consumed : undefined
  const refresh = token !== undefined && 'kind' in token && token.kind === 'RefreshToken'
  if (!refresh || typeof consumedAt !== 'number') return
  const answer = await store.find(MODEL, String(ctx.oidc.params?.['refresh_token']), epochSeconds(clock.now()))
  const answeredAt = answer?.payload['answeredAt'] as number | undefined
  if (isRepeat(consumedAt, answeredAt, arrivalOf(ctx.req) ?? clock.now())) throw new RepeatedRefresh()
}

export interface RepeatOptions {
  readonly store: Pick<TokensStore, 'put' | 'find'>
  /** Derived for the purpose `oauth`. */
  readonly key: () => Promise<Uint8Array>
  readonly clock: Clock
  readonly random: Random
  readonly pause: (ms: number) => Promise<void>
}

export function answerRepeats(provider: Provider, options: RepeatOptions): void {
  const repeats = new WeakSet<object>()
  provider.on('grant.error', (ctx, error) => {
    if (error instanceof RepeatedRefresh) repeats.add(ctx)
  })
  provider.use(async (given, next) => {
    await next()
    // The engine makes it one on its way; on paths of nobody it stays a plain one.
    const ctx = given as Partial<KoaContextWithOIDC> & typeof given
    const request = refreshOf(ctx)
    if (request === undefined) return
    if (ctx.status === 200) await keep(request, JSON.stringify(ctx.body), options)
    else if (repeats.has(ctx)) await repeat(ctx, request, options)
  })
}

interface Refresh {
  readonly token: string
  /** The client and what it asks for: only the same request has the same answer. */
  readonly context: string
}

function refreshOf({ oidc }: Partial<KoaContextWithOIDC>): Refresh | undefined {
  if (oidc?.route !== 'token' || oidc.params?.['grant_type'] !== 'refresh_token') return undefined
  const { refresh_token: token, scope, resource } = oidc.params
  return { token: String(token), context: JSON.stringify([oidc.client?.clientId, scope, resource]) }
}

/** Who has the table and our key, but not the token, can't read it. */
const sealingKey = async (token: string, { key }: RepeatOptions) =>
  createHmac('sha256', await key())
    .update(`refresh-answer:${token}`)
    .digest()

async function keep({ token, context }: Refresh, answer: string, options: RepeatOptions): Promise<void> {
  const sealed = seal(answer, context, await sealingKey(token, options), options.random)
  const answeredAt = epochSeconds(options.clock.now())
  await options.store.put(MODEL, token, { sealed, answeredAt }, answeredAt + ANSWER_LIFETIME_SECONDS)
}

async function repeat(
  ctx: Pick<KoaContextWithOIDC, 'status' | 'body' | 'set'>,
  { token, context }: Refresh,
  options: RepeatOptions,
): Promise<void> {
  const sealed = await kept(token, options)
  if (sealed === undefined) {
    ctx.set('Retry-After', '1')
    ctx.status = 503
    ctx.body = { error: 'temporarily_unavailable', error_description: 'the token is being replaced, please try again' }
    return
  }
  const answer = opened(sealed, context, await sealingKey(token, options))
  if (answer === undefined) return
  ctx.status = 200
  ctx.body = JSON.parse(answer)
}

async function kept(token: string, { store, clock, pause }: RepeatOptions): Promise<string | undefined> {
  for (const ms of WAITS_MS) {
    await pause(ms)
    const found = await store.find(MODEL, token, epochSeconds(clock.now()))
    if (found !== undefined) return String(found.payload['sealed'])
  }
  return undefined
}

/** Undefined when another client, or another scope, asked for it. */
function opened(sealed: string, context: string, key: Uint8Array): string | undefined {
  try {
    return unseal(sealed, context, key)
  } catch {
    return undefined
  }
}
