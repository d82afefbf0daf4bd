/** Items of tables, through the gateway: what dynoxide says arrives as it said it. */
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOptions, Emulator, START_DEADLINE_MS } from './emulator.ts'

const TableName = 'items-of-the-gateway'
/** DynamoDB's limit of an item is 400 kB, of a batch 16 MB. */
const LARGE = 'x'.repeat(390_000)

let emulator: Emulator
let client: DynamoDBClient
beforeAll(async () => {
  emulator = await Emulator.start()
  client = new DynamoDBClient({ ...clientOptions(emulator.cloud), maxAttempts: 1 })
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  )
}, START_DEADLINE_MS)
afterAll(async () => {
  await client.send(new DeleteTableCommand({ TableName }))
  await emulator.stop()
})

const read = (pk: string) => client.send(new GetItemCommand({ TableName, Key: { pk: { S: pk } } }))

/** As no SDK would send it. */
const send = (operation: string, body: string) =>
  fetch(emulator.cloud.endpoint, {
    method: 'POST',
    headers: { 'X-Amz-Target': `DynamoDB_20120810.${operation}`, 'Content-Type': 'application/x-amz-json-1.0' },
    body,
  })

describe('an item', () => {
  test('comes back as it was written, with the id of the request', async () => {
    const Item = { pk: { S: 'ünï' }, bytes: { B: new Uint8Array([0, 255]) }, empty: { S: '' }, no: { NULL: true } }
    await client.send(new PutItemCommand({ TableName, Item }))
    const answer = await read('ünï')
    expect(answer.Item).toEqual(Item)
    expect(answer.$metadata.requestId).toMatch(/^[0-9A-Z]{52}$/)
  })

  test('may be large, and many may come at once', async () => {
    const PutRequest = (pk: string) => ({ PutRequest: { Item: { pk: { S: pk }, text: { S: LARGE } } } })
    const keys = Array.from({ length: 40 }, (_, n) => `large-${n}`)
    for (const half of [keys.slice(0, 20), keys.slice(20)])
      await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: half.map(PutRequest) } }))
    const found = await Promise.all(keys.map(read))
    expect(found.every(({ Item }) => Item?.['text']?.S === LARGE)).toBe(true)
  })
})

describe('a refusal', () => {
  test('of a condition is known to the SDK as what it is', async () => {
    const put = new PutItemCommand({
      TableName,
      Item: { pk: { S: 'once' } },
      ConditionExpression: 'attribute_not_exists(pk)',
    })
    await client.send(put)
    await expect(client.send(put)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
  })

  test('of a table that there is not', async () => {
    const Key = { pk: { S: 'a' } }
    await expect(client.send(new GetItemCommand({ TableName: 'there-is-none', Key }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
  })

  test.each(['GetItem', 'PutItem'])('of a %s without sense is a 400, and the gateway goes on', async (operation) => {
    const answer = await send(operation, '{"nonsense"')
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('SerializationException')])
    expect((await send(operation, '{}')).status).toBe(400)
    expect((await read('none')).Item).toBeUndefined()
  })
})
