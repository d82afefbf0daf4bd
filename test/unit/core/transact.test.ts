import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { cancellationCodes, transact } from '../../../layers/core/transact.store.ts'

const dynamo = mockClient(DynamoDBDocumentClient)
beforeEach(() => {
  dynamo.reset()
})

const client = dynamo as unknown as DynamoDBDocumentClient
const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({
    message: 'cancelled',
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  })
const run = () => transact(client, [])
const tries = () => dynamo.commandCalls(TransactWriteCommand).length

describe('a transaction', () => {
  it('that is in the way of another is tried again', async () => {
    dynamo
      .on(TransactWriteCommand)
      .rejectsOnce(cancelled('None', 'TransactionConflict'))
      .rejectsOnce(cancelled('TransactionConflict'))
      .resolves({})
    await run()
    expect(tries()).toBe(3)
  })

  it('that stays in the way is given up after five tries', async () => {
    dynamo.on(TransactWriteCommand).rejects(cancelled('TransactionConflict'))
    await expect(run()).rejects.toThrow('cancelled')
    expect(tries()).toBe(5)
  })

  it.each([
    ['a failed condition', cancelled('ConditionalCheckFailed', 'TransactionConflict')],
    ['an invalid item', cancelled('ValidationError')],
    ['anything else', new Error('away')],
  ])('is not tried again after %s', async (_, error) => {
    dynamo.on(TransactWriteCommand).rejects(error)
    await expect(run()).rejects.toThrow()
    expect(tries()).toBe(1)
  })
})

it('the reasons of other errors are none', () => {
  expect(cancellationCodes(new Error('x'))).toEqual([])
  expect(cancellationCodes('x')).toEqual([])
  expect(cancellationCodes(cancelled('None', 'ConditionalCheckFailed'))).toEqual(['None', 'ConditionalCheckFailed'])
})
