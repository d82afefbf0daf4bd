/** Workspaces and API keys for tests, made in the access table of a deployed cloud. Every one is new. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { accessStore, memberKey, type StoredApiKey } from '#core/access.store.ts'
import { generateApiKey, hashApiKey } from '#core/api-key.ts'
import { systemClock } from '#core/clock.ts'
import { createIds } from '#core/ids.ts'
import { deriveKey } from '#core/kit-secret.ts'
import type { Role } from '#core/permissions.ts'
import { systemRandom } from '#core/random.ts'
import { platformNames } from '../infra/environments.ts'
import { clientFor } from '../local/aws.ts'
import type { Outputs } from '../local/outputs.ts'

export interface TestAccess {
  /** Makes a workspace, returns its id. */
  workspace(name?: string): Promise<string>
  /** Makes a key, by default an owner's; returns the text that callers send, and its id. */
  apiKey(key: KeyOptions): Promise<{ readonly text: string; readonly id: string }>
  revoke(workspaceId: string, keyId: string): Promise<void>
  /** Makes somebody a member of the workspace, by default a viewer; returns the person's id: `<id>@example.com`. */
  member(workspaceId: string, role?: Role): Promise<string>
}

export type KeyOptions = Pick<StoredApiKey, 'workspaceId'> &
  Partial<Pick<StoredApiKey, 'role' | 'scopes' | 'expiresAt' | 'revokedAt'>>

const ids = createIds(systemClock, systemRandom)

export async function testAccess(outputs: Outputs): Promise<TestAccess> {
  const { accessTable, kitSecret } = platformNames({ prefix: 'backlot' })
  const client = new DynamoDBClient(clientFor(outputs))
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } })
  const store = accessStore(documents, accessTable)
  const secrets = new SecretsManagerClient(clientFor(outputs))
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: kitSecret }))
  if (!SecretString) throw new Error(`expected the secret ${kitSecret} to be a string, got none`)
  const hmacKey = await deriveKey(SecretString, 'api-key')
  const now = () => systemClock.now().toISOString()
  return {
    async workspace(name = 'Test') {
      const id = ids('wsp')
      await store.putWorkspace({ id, name, createdAt: now() })
      return id
    },
    async apiKey(options) {
      const key = generateApiKey(systemClock, systemRandom)
      const stored = { role: 'owner' as const, name: 'Test', createdAt: now(), ...options }
      await store.putApiKey({ ...stored, id: key.id, hash: hashApiKey(key, hmacKey) })
      return { text: key.text, id: key.id }
    },
    async member(workspaceId, role = 'viewer') {
      const userId = ids('usr')
      const member = { userId, email: `${userId}@example.com`, role, joinedAt: now() }
      await documents.send(
        new PutCommand({ TableName: accessTable, Item: { ...memberKey(workspaceId, userId), ...member } }),
      )
      return userId
    },
    async revoke(workspaceId, keyId) {
      await store.revokeApiKey(workspaceId, keyId, systemClock.now())
    },
  }
}
