/**
 * Reads the kit's one secret from Secrets Manager at first use, then keeps it and the keys derived from it for the life
 * of the execution environment. The secret is never rotated in place: a new one would invalidate every API key and cursor.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { deriveKey, type KeyPurpose, type KitSecret } from './kit-secret.ts'

/** The platform stack generates 64 characters; much less is a mistake in the deployment. */
const MIN_SECRET_LENGTH = 32

export function kitSecret(client: SecretsManagerClient, secretId: string): KitSecret {
  const keys = new Map<KeyPurpose, Promise<Uint8Array>>()
  let secret: Promise<string> | undefined
  const read = () => {
    secret ??= readSecret(client, secretId).catch((error: unknown) => {
      secret = undefined
      throw error
    })
    return secret
  }
  return {
    key(purpose) {
      const known = keys.get(purpose)
      if (known !== undefined) return known
      const key = read().then((text) => deriveKey(text, purpose))
      keys.set(purpose, key)
      key.catch(() => keys.delete(purpose))
      return key
    },
  }
}

async function readSecret(client: SecretsManagerClient, secretId: string): Promise<string> {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }))
  const length = SecretString?.length ?? 0
  if (SecretString === undefined || length < MIN_SECRET_LENGTH)
    throw new Error(`expected the secret ${secretId} to have at least ${MIN_SECRET_LENGTH} characters, got ${length}`)
  return SecretString
}
