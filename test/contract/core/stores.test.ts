/** The kit's stores on the tables of the deployed cloud. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { accessStore, memberKey } from '#core/access.store.ts'
import { systemClock } from '#core/clock.ts'
import { consumedCapacity } from '#core/dynamo.ts'
import { idempotencyStore } from '#core/idempotency.store.ts'
import { newUlid } from '#core/ids.ts'
import { systemRandom } from '#core/random.ts'
import { rateLimitStore } from '#core/rate-limit.store.ts'
import { accessStoreCases } from './access-store.cases.ts'
import { idempotencyStoreCases } from './idempotency-store.cases.ts'
import { rateLimitStoreCases } from './rate-limit-store.cases.ts'

const ACCESS_TABLE = 'backlot-access'
/** A table of a service: the kit keeps its state there. */
const STATE_TABLE = 'backlot-links'

const { endpoint, region, workspace } = inject('outputs')
const documentClient = () =>
  DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }),
    { marshallOptions: { removeUndefinedValues: true } },
  )
const client = documentClient()
const NOW = systemClock.now()
const unique = newUlid(systemClock, systemRandom)

afterAll(() => client.destroy())

describe('the access store', () => {
  accessStoreCases(() => accessStore(client, ACCESS_TABLE), unique)

  it('knows the owners of a workspace, and nobody else of it or of others', async () => {
    const workspaceId = `wsp_${unique}_owners`
    const put = (of: string, userId: string, role: string) => {
      const member = { userId, email: `${userId}@example.com`, role, joinedAt: NOW.toISOString() }
      return client.send(new PutCommand({ TableName: ACCESS_TABLE, Item: { ...memberKey(of, userId), ...member } }))
    }
    await put(workspaceId, 'usr_1', 'owner')
    await put(workspaceId, 'usr_2', 'admin')
    await put(workspaceId, 'usr_3', 'owner')
    await put(`${workspaceId}_2`, 'usr_4', 'owner')
    const owners = await accessStore(client, ACCESS_TABLE).ownersOf(workspaceId)
    expect(owners.map(({ email }) => email)).toEqual(['usr_1@example.com', 'usr_3@example.com'])
    expect(await accessStore(client, ACCESS_TABLE).ownersOf(`${workspaceId}_none`)).toEqual([])
  })

  it('reads the seeded workspace', async () => {
    expect(await accessStore(client, ACCESS_TABLE).findWorkspace(workspace.id)).toMatchObject(workspace)
  })
})

describe('the idempotency store', () => {
  idempotencyStoreCases(() => idempotencyStore(client, STATE_TABLE), unique)
})

describe('the rate-limit store', () => {
  rateLimitStoreCases(() => rateLimitStore(client, STATE_TABLE), unique)
})

describe('the cost of a request', () => {
  /** Asks for the consumption of whatever a store sends, and adds it up. */
  async function capacityOf(act: (client: DynamoDBDocumentClient) => Promise<unknown>): Promise<number> {
    let units = 0
    const measured = documentClient()
    measured.middlewareStack.add(
      (next) => async (args) => {
        const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } })
        units += consumedCapacity(result.output as Parameters<typeof consumedCapacity>[0]) ?? Number.NaN
        return result
      },
      { step: 'initialize', name: 'measureCapacity' },
    )
    await act(measured)
    measured.destroy()
    return units
  }
  const key = {
    id: `${unique}-cost`,
    workspaceId: `wsp_${unique}`,
    name: 'Cost',
    role: 'owner',
    hash: 'ab'.repeat(32),
    createdAt: NOW.toISOString(),
  } as const
  const request = { workspaceId: `wsp_${unique}`, key: 'cost', fingerprint: 'f', owner: 'request-1' }
  const later = new Date(NOW.getTime() + 60_000)

  it('is what the stores say', async () => {
    expect({
      putApiKey: await capacityOf((measured) => accessStore(measured, ACCESS_TABLE).putApiKey(key)),
      findApiKey: await capacityOf((measured) => accessStore(measured, ACCESS_TABLE).findApiKey(key.id)),
      count: await capacityOf((measured) => rateLimitStore(measured, STATE_TABLE).count(unique, 'read', 0, 60_000)),
      begin: await capacityOf((measured) => idempotencyStore(measured, STATE_TABLE).begin(request, NOW, later, later)),
    }).toEqual({ putApiKey: 4, findApiKey: 1, count: 1, begin: 1 })
  })
})
