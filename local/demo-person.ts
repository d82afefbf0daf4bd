/** Somebody who is in the demo workspace from the start, so that pages can be looked at without a mail. Local clouds only. */
import { type DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import type { Workspace } from '#core/access.store.ts'
import { conditionFailed } from '#core/dynamo.ts'
import { deriveKey } from '#core/kit-secret.ts'
import { systemRandom } from '#core/random.ts'
import { emailKey, userKey } from '../functions/auth/auth-keys.ts'
import { passwords } from '../functions/auth/people/password.ts'
import { createWorkspacesStore } from '../functions/auth/workspaces/workspaces.store.ts'

/** Anybody may see at a glance that it is no secret. */
export const DEMO_SIGN_IN = { email: 'demo@example.com', password: 'known to everybody' } as const

export interface DemoPersonOptions {
  readonly client: DynamoDBDocumentClient
  readonly accessTable: string
  readonly authTable: string
  /** Text of the kit's secret. */
  readonly secret: string
  readonly workspace: Workspace
  readonly userId: string
}

/** Makes the person an owner of the workspace; does nothing when they are there, or when auth is not deployed. */
export async function seedDemoPerson(options: DemoPersonOptions): Promise<void> {
  const { client, accessTable, authTable, secret, workspace, userId } = options
  const { email, password } = DEMO_SIGN_IN
  const at = workspace.createdAt
  const passwordHash = await passwords(systemRandom, () => deriveKey(secret, 'password')).hash(password)
  const user = { email, passwordHash, epoch: 1, createdAt: at, passwordChangedAt: at }
  const isNew = 'attribute_not_exists(pk)'
  const puts = [
    { ...userKey(userId), ...user },
    { ...emailKey(email), userId },
  ].map((Item) => ({ Put: { TableName: authTable, Item, ConditionExpression: isNew } }))
  const owner = { userId, email, role: 'owner' as const, joinedAt: at }
  const joining = createWorkspacesStore(client, accessTable).joining(workspace, owner) ?? []
  try {
    await client.send(new TransactWriteCommand({ TransactItems: [...puts, ...joining] }))
  } catch (error) {
    const notDeployed = error instanceof Error && error.name === 'ResourceNotFoundException'
    if (!notDeployed && !conditionFailed(error)) throw error
  }
}
