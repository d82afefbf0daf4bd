/**
 * What the tests of payments' clock share: a way to be late without waiting. The time that an object ends at is moved into
 * the past through the stores that the service itself writes with, and the function that the minute's rule calls is called.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { expect, inject } from 'vitest'
import { systemRandom } from '#core/random.ts'
import minute from '../../events/payments/tick.minute.json' with { type: 'json' }
import { createChangesStore } from '../../functions/payments/changes/changes.store.ts'
import { createObjectsStore } from '../../functions/payments/objects/objects.store.ts'
import { changed, type StoredObject } from '../../functions/payments/objects/objects.ts'
import { clientFor } from '../../local/aws.ts'

const TABLE = 'backlot-payments'
const TICK = 'backlot-payments-tick'

export interface Time {
  /** Writes an object anew, on its version, as it would be if `change` were so. */
  set<T extends StoredObject>(
    kind: T['kind'],
    workspaceId: string,
    id: string,
    change: (object: T) => Partial<T>,
  ): Promise<void>
  /** The minute is over. */
  tick(): Promise<void>
}

export function paymentsTime(): Time {
  const options = clientFor(inject('outputs'))
  const marshallOptions = { removeUndefinedValues: true }
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(options), { marshallOptions })
  const objects = createObjectsStore(documents, TABLE)
  const changes = createChangesStore(documents, TABLE, systemRandom)
  const lambda = new LambdaClient(options)
  return {
    set: <T extends StoredObject>(
      kind: T['kind'],
      workspaceId: string,
      id: string,
      change: (object: T) => Partial<T>,
    ) =>
      changes.settle(async (collected) => {
        const before = await objects.get<T>(kind, workspaceId, id)
        if (before === undefined) throw new Error(`expected ${id}`)
        collected.update(before, changed<T>(before, change(before), new Date(before.updatedAt)))
      }),
    async tick() {
      const answer = await lambda.send(new InvokeCommand({ FunctionName: TICK, Payload: JSON.stringify(minute) }))
      expect(answer.FunctionError, Buffer.from(answer.Payload ?? []).toString()).toBeUndefined()
    },
  }
}
