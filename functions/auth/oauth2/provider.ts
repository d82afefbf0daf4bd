/** The protocol engine with our storage, clients and keys. */
import Provider from 'oidc-provider'
import { sameHash } from '#core/api-key.ts'
import { hashSecret } from '../secret-token.ts'
import { configuration, type OAuth2Options } from './configuration.ts'

export function createProvider(options: OAuth2Options): Provider {
  const provider = new Provider(options.issuer, configuration(options))
  // The adapter writes public addresses into every request, from the deployment's setting and never from the caller's headers.
  provider.proxy = true
  // Stored is the hash of a client's secret.
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: { readonly clientSecret: string }, given: string): boolean {
      return sameHash(this.clientSecret, hashSecret(given))
    },
  })
  return provider
}
