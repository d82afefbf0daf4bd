/** A table like the deployed one, with its indexes, for one test file alone. */
import { randomUUID } from 'node:crypto'
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, inject } from 'vitest'
import { DUE_INDEX, LIST_INDEX, OWNER_INDEX } from '../../../functions/payments/payments-keys.ts'
import { clientFor } from '../../../local/aws.ts'

const KEYS = ['pk', 'sk', 'listPk', 'listSk', 'ownerPk', 'ownerSk', 'duePk', 'dueSk']

const key = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
]
const index = (name: string, hash: string, range: string) => ({
  IndexName: name,
  KeySchema: key(hash, range),
  Projection: { ProjectionType: 'KEYS_ONLY' as const },
})

export function scratchTable(): { readonly name: string; readonly client: DynamoDBDocumentClient } {
  const name = `backlot-contract-${randomUUID()}`
  const base = new DynamoDBClient(clientFor(inject('outputs')))
  beforeAll(async () => {
    await base.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: key('pk', 'sk'),
        GlobalSecondaryIndexes: [
          index(LIST_INDEX, 'listPk', 'listSk'),
          index(OWNER_INDEX, 'ownerPk', 'ownerSk'),
          index(DUE_INDEX, 'duePk', 'dueSk'),
        ],
        AttributeDefinitions: KEYS.map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
      }),
    )
    await waitUntilTableExists({ client: base, maxWaitTime: 30, minDelay: 1 }, { TableName: name })
  })
  afterAll(async () => {
    await base.send(new DeleteTableCommand({ TableName: name }))
    base.destroy()
  })
  return {
    name,
    client: DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } }),
  }
}
