/** A table like the deployed one, for one test file alone, and a client that adds up what its calls cost. */
import { randomUUID } from 'node:crypto'
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, inject } from 'vitest'
import { consumedCapacity } from '../../../layers/core/dynamo.ts'

export interface ScratchTable {
  readonly name: string
  readonly client: DynamoDBDocumentClient
  /** Capacity units of everything that `run` sends. */
  unitsOf(run: () => Promise<unknown>): Promise<number>
  /** All items of a partition, strongly consistent. */
  itemsOf(pk: string): Promise<readonly Record<string, unknown>[]>
}

export function scratchTable(): ScratchTable {
  const { endpoint, region } = inject('outputs')
  const name = `backlot-contract-${randomUUID()}`
  const base = new DynamoDBClient({ endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } })
  const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } })
  let units = 0
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } })
      units += consumedCapacity(result.output as object) ?? 0
      return result
    },
    { step: 'initialize', name: 'addUpCapacity' },
  )

  beforeAll(async () => {
    await base.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
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
    client,
    async unitsOf(run) {
      units = 0
      await run()
      return units
    },
    async itemsOf(pk) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: name,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': pk },
        }),
      )
      return Items
    },
  }
}
