/**
 * Idempotency keys in the table of payments: `KEY#<workspace>#<hash of the key>` / `KEY`.
 *
 *   reserved  { fingerprint: '3a…', owner: 'req_…', lockedUntil: 1767225612000, ttl: 1767312000 }
 *   answered  { fingerprint: '3a…', owner: 'req_…', answer: { status, body, requestId }, ttl: 1767312000 }
 *   gone      deleted on release, or by TTL; `ttl` is compared, so a record that outlives it does not count
 *
 * Access patterns: reserve, one PutItem (a failed condition returns the item it met, at no extra read); completion, one
 * Update within the transaction of the effect; release, one DeleteItem.
 */
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import * as z from 'zod'
import { epochSeconds } from '#core/clock.ts'
import { conditionFailed } from '#core/dynamo.ts'
import { TTL_ATTRIBUTE } from '#core/table.ts'
import type { WriteAction } from '../changes/write.ts'
import { idempotencyKey } from '../payments-keys.ts'
import {
  COMPLETION_LABEL,
  type IdempotencyStore,
  KEY_LIFETIME_MS,
  type KeptAnswer,
  type KeyUse,
  type Reservation,
} from './idempotency.ts'

const recordSchema = z.object({
  fingerprint: z.string(),
  owner: z.string(),
  lockedUntil: z.number().optional(),
  answer: z.object({ status: z.int(), body: z.string(), requestId: z.string() }).optional(),
})

const CONDITIONS = {
  unused: 'attribute_not_exists(pk)',
  // TTL deletes late, so an old record may still be there. `<=`: it counts until that second, not in it.
  expired: '#ttl <= :nowSeconds',
  // The first request crashed. Only its own repetition may go on; another one still is a wrong use of the key.
  abandoned: '(attribute_exists(lockedUntil) AND lockedUntil <= :now AND fingerprint = :fingerprint)',
  // Nobody took over, and nothing was answered. An answer exists when the SDK repeated a write whose result was lost.
  ours: '#owner = :owner AND attribute_not_exists(answer)',
} as const

const keyOf = ({ workspaceId, keyHash }: KeyUse) => ({ ...idempotencyKey(workspaceId, keyHash) })

export function createIdempotencyStore(client: DynamoDBDocumentClient, table: string): IdempotencyStore {
  return {
    reserve: (use, now, lockedUntil) => reserve(client, table, use, now, lockedUntil),
    completion: (use, answer) => ({ label: COMPLETION_LABEL, action: { Update: completion(use, answer) } }),
    complete: (use, answer) => held(client.send(new UpdateCommand({ TableName: table, ...completion(use, answer) }))),
    async release(use) {
      await held(
        client.send(
          new DeleteCommand({
            TableName: table,
            Key: keyOf(use),
            ConditionExpression: CONDITIONS.ours,
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':owner': use.owner },
          }),
        ),
      )
    },
  }
}

const completion = (
  use: KeyUse,
  answer: KeptAnswer,
): Extract<WriteAction, { Update: unknown }>['Update'] & {
  readonly ExpressionAttributeNames: Record<string, string>
} => ({
  Key: keyOf(use),
  UpdateExpression: 'SET answer = :answer REMOVE lockedUntil',
  ConditionExpression: CONDITIONS.ours,
  ExpressionAttributeNames: { '#owner': 'owner' },
  ExpressionAttributeValues: { ':owner': use.owner, ':answer': answer },
})

async function reserve(
  client: DynamoDBDocumentClient,
  table: string,
  use: KeyUse,
  now: Date,
  lockedUntil: Date,
): Promise<Reservation> {
  const { fingerprint, owner } = use
  try {
    await client.send(
      new PutCommand({
        TableName: table,
        Item: {
          ...keyOf(use),
          ...{ fingerprint, owner, lockedUntil: lockedUntil.getTime() },
          [TTL_ATTRIBUTE]: epochSeconds(new Date(now.getTime() + KEY_LIFETIME_MS)),
        },
        ConditionExpression: `${CONDITIONS.unused} OR ${CONDITIONS.expired} OR ${CONDITIONS.abandoned}`,
        ExpressionAttributeNames: { '#ttl': TTL_ATTRIBUTE },
        ExpressionAttributeValues: {
          ...{ ':now': now.getTime(), ':nowSeconds': epochSeconds(now), ':fingerprint': fingerprint },
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    )
    return { kind: 'reserved' }
  } catch (error) {
    const met = conditionFailed(error) ? recordMet(error) : undefined
    if (met === undefined) throw error
    return decide(met, use)
  }
}

type Marshalled = Parameters<typeof unmarshall>[0]

/** What `ReturnValuesOnConditionCheckFailure` put on the error; the document client leaves it marshalled there. */
function recordMet(error: unknown): z.infer<typeof recordSchema> | undefined {
  const { Item } = error as { readonly Item?: Marshalled }
  return Item === undefined ? undefined : recordSchema.parse(unmarshall(Item))
}

function decide({ fingerprint, owner, answer }: z.infer<typeof recordSchema>, use: KeyUse): Reservation {
  if (fingerprint !== use.fingerprint) return { kind: 'other_request' }
  if (answer !== undefined) return { kind: 'answered', answer }
  // Our own lease: the SDK repeated a write whose answer was lost.
  return owner === use.owner ? { kind: 'reserved' } : { kind: 'running' }
}

/** False when the condition failed. */
async function held(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (conditionFailed(error)) return false
    throw error
  }
}
