/** What the case suite on the real table can't show: items that a later or earlier version wrote, and failing calls. */
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, describe, expect, it } from 'vitest'
import { accessStore } from '#core/access.store.ts'
import { documentClient } from '#core/document-client.store.ts'

const dynamo = mockClient(DynamoDBDocumentClient)
afterEach(() => dynamo.reset())

const store = accessStore(documentClient(), 'backlot-access')
const item = {
  pk: 'api-key#1',
  sk: 'api-key',
  id: '1',
  workspaceId: 'wsp_1',
  name: 'CI',
  role: 'member',
  hash: 'ab'.repeat(32),
  createdAt: '2026-01-01T00:00:00.000Z',
}

describe('the access store', () => {
  it('leaves out scopes that no longer exist: they allow nothing', async () => {
    dynamo.on(GetCommand).resolves({ Item: { ...item, scopes: ['links:read', 'gone:read'] } })
    expect(await store.findApiKey('1')).toMatchObject({ scopes: ['links:read'] })
    dynamo.on(GetCommand).resolves({ Item: { ...item, scopes: ['gone:read'] } })
    expect(await store.findApiKey('1')).toMatchObject({ scopes: [] })
  })

  it('never gives out a key without a hash or a role that it knows', async () => {
    dynamo.on(GetCommand).resolves({ Item: { ...item, hash: undefined } })
    await expect(store.findApiKey('1')).rejects.toThrow()
    dynamo.on(GetCommand).resolves({ Item: { ...item, role: 'superuser' } })
    await expect(store.findApiKey('1')).rejects.toThrow()
  })

  it('keeps the hash out of the workspace list', async () => {
    dynamo.on(TransactWriteCommand).resolves({})
    const { pk: _pk, sk: _sk, ...key } = item
    await store.putApiKey({ ...key, role: 'member' })
    const written = dynamo
      .commandCalls(TransactWriteCommand)[0]
      ?.args[0].input.TransactItems?.map(({ Put }) => Put?.Item)
    expect(written).toEqual([item, { ...item, pk: 'workspace#wsp_1', sk: 'api-key#1', hash: undefined }])
    expect(Object.keys(written?.[1] ?? {})).not.toContain('hash')
  })

  it('does not take a conflict with another transaction for a key that is not there', async () => {
    const conflict = new TransactionCanceledException({
      message: '',
      $metadata: {},
      CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
    })
    dynamo.on(TransactWriteCommand).rejects(conflict)
    await expect(store.revokeApiKey('wsp_1', '1', new Date())).rejects.toBe(conflict)
  })
})
