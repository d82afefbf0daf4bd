/**
 * A DynamoDB transaction that waits for others to get out of its way. The SDK retries throttling, but not a
 * transaction that was cancelled only because another one held an item at that moment
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type DynamoDBDocumentClient,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'

/** The first try and four more, about 300 ms in all: a transaction takes some 20 ms. */
const TRIES = 5
const FIRST_PAUSE_MS = 10

/** Why DynamoDB cancelled a transaction, one for each action, in order; `None` for those that were fine. */
export function cancellationCodes(error: unknown): readonly string[] {
  if (!(error instanceof Error) || error.name !== 'TransactionCanceledException') return []
  const { CancellationReasons = [] } = error as { CancellationReasons?: readonly { Code?: string }[] }
  return CancellationReasons.map(({ Code }) => Code ?? 'None')
}

/** What is written together or not at all. */
export type Actions = NonNullable<TransactWriteCommandInput['TransactItems']>

/** Rejects with what DynamoDB answers; a pure conflict only after the last try. */
export async function transact(client: DynamoDBDocumentClient, actions: Actions): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await client.send(new TransactWriteCommand({ TransactItems: actions }))
      return
    } catch (error) {
      const codes = cancellationCodes(error).filter((code) => code !== 'None')
      const conflictOnly = codes.length > 0 && codes.every((code) => code === 'TransactionConflict')
      if (!conflictOnly || tries >= TRIES) throw error
      await sleep(FIRST_PAUSE_MS * 2 ** tries)
    }
  }
}
