/** The protocol engine with our storage, clients and keys. */
import type { IncomingMessage } from 'node:http'
import Provider from 'oidc-provider'
import { sameHash } from '#core/api-key.ts'
import { hashSecret } from '../secret-token.ts'
import { configuration, type OAuth2Options } from './configuration.ts'
import { answerRepeats, type RepeatOptions, refuseRepeat } from './repeated-refresh.ts'

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
    compareClientSecret(this: { readonly clientSecret: string }, given: string): boolean {
      return sameHash(this.clientSecret, hashSecret(given))
    },
  })
  provider.on('server_error', (ctx, error) => failures.set(ctx.req, error))
  answerRepeats(provider, repeats)
  return provider
}
