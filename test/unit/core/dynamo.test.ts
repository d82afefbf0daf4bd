import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConditionalCheckFailedException, DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isUnavailable } from '#core/dependency.ts'
import { CLIENT_LIMITS, conditionFailed, consumedCapacity, MAX_ATTEMPTS } from '#core/dynamo.ts'

const given = { message: '', $metadata: {} }
const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({ ...given, CancellationReasons: codes.map((Code) => ({ Code })) })

describe('a failed condition', () => {
  it.each([
    [new ConditionalCheckFailedException(given), true],
    [cancelled('None', 'ConditionalCheckFailed'), true],
    [cancelled('TransactionConflict', 'ConditionalCheckFailed'), true],
    [cancelled('TransactionConflict', 'None'), false],
    [cancelled(), false],
    [new Error('ConditionalCheckFailed'), false],
    [undefined, false],
  ])('is told from other failures: %o is %s', (error, expected) => {
    expect(conditionFailed(error)).toBe(expected)
  })
})

describe('consumed capacity', () => {
  it('is summed over tables, and undefined where the target reports none', () => {
    expect(consumedCapacity({ ConsumedCapacity: { CapacityUnits: 0.5 } })).toBe(0.5)
    expect(consumedCapacity({ ConsumedCapacity: [{ CapacityUnits: 2 }, { CapacityUnits: 4 }] })).toBe(6)
    expect(consumedCapacity({})).toBeUndefined()
  })
})

describe('the client limits', () => {
  const server = { requests: 0, connections: 0, answers: true, url: '', close: () => {} }

  beforeEach(async () => {
    Object.assign(server, { requests: 0, connections: 0, answers: true })
    const listener = createServer((_, response) => {
      server.requests += 1
      if (!server.answers) return
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
      response.end('{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}')
    })
    listener.on('connection', () => {
      server.connections += 1
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    server.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
    server.close = () => {
      listener.close()
      listener.closeAllConnections()
    }
  })
  afterEach(() => server.close())

  const clientOf = (endpoint: string, limits: object = {}) =>
    DynamoDBDocumentClient.from(
      new DynamoDBClient({
        ...CLIENT_LIMITS,
        requestHandler: { ...CLIENT_LIMITS.requestHandler, ...limits },
        endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      }),
    )
  const get = new GetCommand({ TableName: 'backlot-test', Key: { pk: 'a', sk: 'a' } })
  const failure = async (endpoint: string, limits?: object): Promise<unknown> => {
    const client = clientOf(endpoint, limits)
    const error = await client.send(get).catch((caught: unknown) => caught)
    client.destroy()
    return error
  }

  it('try a throttled request so often and no more, over one connection, and the error then is known as passing', async () => {
    const error = await failure(server.url)
    expect(error).toMatchObject({ name: 'ThrottlingException' })
    expect(server.requests).toBe(MAX_ATTEMPTS)
    expect(server.connections).toBe(1)
    expect(isUnavailable(error)).toBe(true)
  })

  it('give an error that is known as passing when no answer comes in time', async () => {
    server.answers = false
    const error = await failure(server.url, { requestTimeout: 20 })
    // As the client counts them: on a busy machine one may be given up before it arrives.
    expect(error).toMatchObject({ name: 'TimeoutError', $metadata: { attempts: MAX_ATTEMPTS } })
    expect(isUnavailable(error)).toBe(true)
  })

  it('give an error that is known as passing when nobody listens', async () => {
    server.close()
    const error = await failure(server.url)
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(isUnavailable(error)).toBe(true)
  })
})
