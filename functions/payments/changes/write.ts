/** One action of a DynamoDB transaction, as data: the store adds the table. Pure. */
type Values = Readonly<Record<string, unknown>>

interface Conditions {
  readonly ConditionExpression?: string
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>
  readonly ExpressionAttributeValues?: Values
}

export type WriteAction =
  | { readonly Put: Conditions & { readonly Item: Values } }
  | { readonly Update: Conditions & { readonly Key: Values; readonly UpdateExpression: string } }
  | { readonly Delete: Conditions & { readonly Key: Values } }
  | { readonly ConditionCheck: Conditions & { readonly Key: Values; readonly ConditionExpression: string } }

export interface Write {
  /** Names the write in a conflict: an object's id, `ledger:<key>`, `idempotency`. */
  readonly label: string
  readonly action: WriteAction
}
