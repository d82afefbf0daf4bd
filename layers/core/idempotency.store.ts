/**
 * Idempotency records, in the service's own table.
 *
 * | item | pk | sk | attributes |
 * |---|---|---|---|
 * | record | `kit#idempotency#<workspaceId>` + `#<key>` | `idempotency` | fingerprint, owner, lockedUntil (ms), answer?, ttl (s) |
 *
 * In its life stages:
 *   running { pk, sk, fingerprint: '3a…', owner: '<request id>', lockedUntil: 1767225612000, ttl: 1767312000 }
 *   done    { pk, sk, fingerprint: '3a…', owner: '<request id>', answer: { status, headers, body }, ttl: 1767312000 }
 *   gone    deleted on release (5xx), or by TTL; `ttl` is compared, so a record that outlives it does not count
 *
 * Access patterns: begin, one PutItem (1 WCU per kB; a failed condition returns the item it met, at no extra read);
 * complete, one UpdateItem; release, one DeleteItem.
 */
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import * as z from 'zod'
import { epochSeconds } from './clock.ts'
import { conditionFailed } from './dynamo.ts'
import type { Begin, IdempotencyStore, IdempotentRequest } from './idempotency.ts'
import { KIT_PREFIX, type TableKey, TTL_ATTRIBUTE } from './table.ts'

const recordSchema = z.object({
  fingerprint: z.string(),
  owner: z.string(),
  lockedUntil: z.number().optional(),
  answer: z
    .object({ status: z.int(), headers: z.record(z.string(), z.string()), body: z.string().optional() })
    .optional(),
})

const keyOf = ({ workspaceId, key }: IdempotentRequest): TableKey => ({
  pk: `${KIT_PREFIX}idempotency#${workspaceId}#${key}`,
  sk: 'idempotency',
})

/** The record may be written when one of these holds. */
const CONDITIONS = {
  unused: 'attribute_not_exists(pk)',
  // TTL deletes late, so an old record may still be there. `<=`: it counts until that second, not in it.
  expired: '#ttl <= :nowSeconds',
  // The first run crashed. Only its own request may go on; another one still is a wrong use of the key.
  abandoned: '(attribute_exists(lockedUntil) AND lockedUntil <= :now AND fingerprint = :fingerprint)',
} as const

export function idempotencyStore(client: DynamoDBDocumentClient, table: string): IdempotencyStore {
  return {
    begin: (request, now, lockedUntil, expiresAt) => begin(client, table, request, now, lockedUntil, expiresAt),
    async complete(request, answer) {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: keyOf(request),
            UpdateExpression: 'SET answer = :answer REMOVE lockedUntil',
            // Still ours, see the timeline in idempotency.ts.
            ConditionExpression: '#owner = :owner',
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':answer': answer, ':owner': request.owner },
          }),
        )
        return true
      } catch (error) {
        if (conditionFailed(error)) return false
        throw error
      }
    },
    async release(request) {
      try {
        await client.send(
          new DeleteCommand({
            TableName: table,
            Key: keyOf(request),
            ConditionExpression: '#owner = :owner',
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':owner': request.owner },
          }),
        )
      } catch (error) {
        if (!conditionFailed(error)) throw error
      }
    },
  }
}

async function begin(
  client: DynamoDBDocumentClient,
  table: string,
  request: IdempotentRequest,
  now: Date,
  lockedUntil: Date,
  expiresAt: Date,
): Promise<Begin> {
  const { fingerprint, owner } = request
  const put = new PutCommand({
    TableName: table,
    Item: {
      ...keyOf(request),
      fingerprint,
      owner,
      lockedUntil: lockedUntil.getTime(),
      [TTL_ATTRIBUTE]: epochSeconds(expiresAt),
    },
    ConditionExpression: `${CONDITIONS.unused} OR ${CONDITIONS.expired} OR ${CONDITIONS.abandoned}`,
    ExpressionAttributeNames: { '#ttl': TTL_ATTRIBUTE },
    ExpressionAttributeValues: {
      ':now': now.getTime(),
      ':nowSeconds': epochSeconds(now),
      ':fingerprint': fingerprint,
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  })
  try {
    await client.send(put)
    return { kind: 'started' }
  } catch (error) {
    const met = conditionFailed(error) ? itemMet(error) : undefined
    if (met === undefined) throw error
    return decide(met, request)
  }
}

type MetItem = Parameters<typeof unmarshall>[0]

/** What `ReturnValuesOnConditionCheckFailure` put on the error; the document client leaves it marshalled there. */
function itemMet(error: unknown): z.infer<typeof recordSchema> | undefined {
  const { Item } = error as { readonly Item?: MetItem }
  return Item === undefined ? undefined : recordSchema.parse(unmarshall(Item))
}

function decide(met: z.infer<typeof recordSchema>, request: IdempotentRequest): Begin {
  const { fingerprint, owner, lockedUntil, answer } = met
  // Our own lock: the SDK repeated a write whose answer was lost.
  if (owner === request.owner && answer === undefined) return { kind: 'started' }
  if (fingerprint !== request.fingerprint) return { kind: 'other_request' }
  if (answer !== undefined) {
    const { status, headers, body } = answer
    return { kind: 'done', answer: { status, headers, ...(body !== undefined && { body }) } }
  }
  return { kind: 'running', lockedUntil: new Date(lockedUntil ?? 0) }
}
