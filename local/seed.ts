/**
 * The demo workspace, its API key, a person who owns it, and a sender that the local mail service accepts: the same on
 * every local cloud, so that commands in the documentation can be pasted. Never run against AWS: a key that the whole world knows must not open anything there.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SESClient, VerifyEmailIdentityCommand } from '@aws-sdk/client-ses'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { accessStore } from '#core/access.store.ts'
import { generateApiKey, hashApiKey } from '#core/api-key.ts'
import { createIds } from '#core/ids.ts'
import { deriveKey } from '#core/kit-secret.ts'
import type { Random } from '#core/random.ts'
import { LOCAL_MAIL_FROM, platformNames } from '../infra/environments.ts'
import { type CloudAddress, clientFor } from './aws.ts'
import { seedDemoPerson } from './demo-person.ts'

/** Fixed, so that every local cloud has the same ids. */
const DEMO_TIME = new Date('2026-01-01T00:00:00.000Z')
const clock = { now: () => DEMO_TIME }
/** The opposite of random, on purpose: anybody may see at a glance that these are no secrets. */
const nothingRandom: Random = { bytes: (count) => new Uint8Array(count) }

const demoKey = generateApiKey(clock, nothingRandom)
/** The whole key, as callers send it. */
export const DEMO_API_KEY = demoKey.text
export const DEMO_WORKSPACE = {
  id: createIds(clock, nothingRandom)('wsp'),
  name: 'Demo',
  createdAt: DEMO_TIME.toISOString(),
}

/** Writes workspace and key; running it again changes nothing. */
export async function seed(address: CloudAddress): Promise<void> {
  const { accessTable, kitSecret } = platformNames({ prefix: 'backlot' })
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientFor(address)), {
    marshallOptions: { removeUndefinedValues: true },
  })
  const store = accessStore(client, accessTable)
  const { SecretString } = await new SecretsManagerClient(clientFor(address)).send(
    new GetSecretValueCommand({ SecretId: kitSecret }),
  )
  if (!SecretString) throw new Error(`expected the secret ${kitSecret} to be a string, got none`)
  const hmacKey = await deriveKey(SecretString, 'api-key')
  await Promise.all([
    new SESClient(clientFor(address)).send(new VerifyEmailIdentityCommand({ EmailAddress: LOCAL_MAIL_FROM })),
    store.putWorkspace(DEMO_WORKSPACE),
    store.putApiKey({
      id: demoKey.id,
      workspaceId: DEMO_WORKSPACE.id,
      name: 'Demo key',
      role: 'owner',
      createdAt: DEMO_WORKSPACE.createdAt,
      hash: hashApiKey(demoKey, hmacKey),
    }),
    seedDemoPerson({
      ...{ client, accessTable, authTable: 'backlot-auth', secret: SecretString, workspace: DEMO_WORKSPACE },
      userId: createIds(clock, nothingRandom)('usr'),
    }),
  ])
}
