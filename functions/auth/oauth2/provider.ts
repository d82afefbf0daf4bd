/** The protocol engine with our storage, clients and keys. */
import type { IncomingMessage } from 'node:http'
import Provider from 'oidc-provider'
import { sameHash } from '#core/api-key.ts'
import { hashSecret } from '../secret-token.ts'
import { configuration, type OAuth2Options } from './configuration.ts'
import { answerRepeats, type RepeatOptions, refuseRepeat } from './repeated-refresh.ts'

export interface ClientSecrets {
  readonly clientSecret: string
  readonly previous_secret?: string
  readonly previous_secret_ends_at?: string
}

/** The client's secret, or the one before it as long as its overlap lasts. */
export function isClientSecret(client: ClientSecrets, given: string, now: Date): boolean {
  const hash = hashSecret(given)
  const previousHolds = Date.parse(client.previous_secret_ends_at ?? '') > now.getTime()
  const isPrevious = previousHolds && sameHash(client.previous_secret ?? '', hash)
  return sameHash(client.clientSecret, hash) || isPrevious
}

const failures = new WeakMap<IncomingMessage, unknown>()

/** What the engine answered with 500, if it did: it tells the caller, and nobody else. */
export const failureOf = (incoming: IncomingMessage): unknown => failures.get(incoming)

export function createProvider(options: Omit<OAuth2Options, 'checkToken'>, repeats: RepeatOptions): Provider {
  const checkToken: OAuth2Options['checkToken'] = (ctx, token) => refuseRepeat(ctx, token, repeats)
  const provider = new Provider(options.issuer, configuration({ ...options, checkToken }))
  // The adapter writes public addresses into every request, from the deployment's setting and never from the caller's headers.
  provider.proxy = true
  // Stored is the hash of a client's secret.
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: ClientSecrets, given: string): boolean {
      return isClientSecret(this, given, repeats.clock.now())
    },
  })
  provider.on('server_error', (ctx, error) => failures.set(ctx.req, error))
  answerRepeats(provider, repeats)
  return provider
}
