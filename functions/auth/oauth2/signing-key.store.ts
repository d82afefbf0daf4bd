/** The key that signs tokens, in KMS: it never leaves it. ES256 (RFC 7518 §3.4). */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { ExternalSigningKey } from 'oidc-provider'
import type { PublicJwk } from '#core/access-token.ts'
import { rawSignature } from './signature.ts'

export class KmsSigningKey extends ExternalSigningKey {
  readonly publicJwk: PublicJwk
  readonly #client: KMSClient
  readonly #keyId: string
  readonly #key: KeyObject

  /** `load` makes one. */
  constructor(client: KMSClient, keyId: string, key: KeyObject) {
    super()
    this.#client = client
    this.#keyId = keyId
    this.#key = key
    const { x = '', y = '' } = key.export({ format: 'jwk' })
    const shape = { crv: 'P-256', kty: 'EC', x, y } as const
    this.publicJwk = { ...shape, kid: thumbprint(shape) }
    // The engine has setters for both, its types do not.
    Object.assign(this, { kid: this.publicJwk.kid, alg: 'ES256' })
  }

  static async load(client: KMSClient, keyId: string): Promise<KmsSigningKey> {
    const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: keyId }))
    if (PublicKey === undefined) throw new Error(`expected KMS to give the public key of ${keyId}, got none`)
    return new KmsSigningKey(
      client,
      keyId,
      createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' }),
    )
  }

  override keyObject(): KeyObject {
    return this.#key
  }

  override async sign(data: Uint8Array): Promise<Buffer> {
    const digest = createHash('sha256').update(data).digest()
    const { Signature } = await this.#client.send(
      new SignCommand({
        KeyId: this.#keyId,
        Message: digest,
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      }),
    )
    if (Signature === undefined) throw new Error('expected KMS to give a signature, got none')
    return rawSignature(Signature)
  }
}

/** RFC 7638 §3: the SHA-256 of the required members in their order. */
const thumbprint = (jwk: object): string => createHash('sha256').update(JSON.stringify(jwk)).digest('base64url')
