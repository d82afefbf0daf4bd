/**
 * A DynamoDB that answers from memory, in the place of the SDK's HTTP handler: what is measured around it is our code and
 * the SDK, not a network or an emulator. It knows the few calls that the tasks engine makes, and counts them.
 */
type Attribute = { readonly S?: string; readonly N?: string }
type Item = Record<string, Attribute>
interface Call {
  readonly Key?: Item
  readonly Item?: Item
  readonly IndexName?: string
  readonly Limit?: number
  readonly ConditionExpression?: string
  readonly ExpressionAttributeValues?: Item
  readonly RequestItems?: Record<string, { readonly Keys: readonly Item[] }>
}

const keyOf = ({ pk, sk }: Item): string => `${pk?.S}\n${sk?.S}`

export class FakeDynamo {
  readonly calls = new Map<string, number>()
  readonly #items = new Map<string, Item>()
  /** Ids in the state index, by partition and in order of arrival, which is the order of dispatch here. */
  readonly #states = new Map<string, Map<string, Item>>()

  /** What the SDK calls in the place of its HTTP handler. */
  readonly requestHandler = {
    handle: async (request: { headers: Record<string, string>; body: string }) => {
      const operation = request.headers['x-amz-target']?.split('.').at(-1) ?? ''
      this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1)
      const { status, body } = this.#answer(operation, JSON.parse(request.body) as Call)
      const bytes = Buffer.from(JSON.stringify(body))
      const headers = { 'content-type': 'application/x-amz-json-1.0' }
      return { response: { statusCode: status, headers, body: bytes } }
    },
  }

  #answer(operation: string, call: Call): { status: number; body: object } {
    switch (operation) {
      case 'PutItem':
        return this.#put(call)
      case 'GetItem':
        return { status: 200, body: { Item: this.#items.get(keyOf(call.Key ?? {})) } }
      case 'BatchGetItem': {
        const found = Object.entries(call.RequestItems ?? {}).map(([table, { Keys }]) => [
          table,
          Keys.flatMap((key) => this.#items.get(keyOf(key)) ?? []),
        ])
        return { status: 200, body: { Responses: Object.fromEntries(found), UnprocessedKeys: {} } }
      }
      case 'Query': {
        const partition = Object.values(call.ExpressionAttributeValues ?? {})[0]?.S ?? ''
        const Items = [...(this.#states.get(partition)?.values() ?? [])].slice(0, call.Limit)
        return { status: 200, body: { Items, Count: Items.length } }
      }
      default:
        throw new Error(`expected a call that the engine makes, got ${operation}`)
    }
  }

  #put({ Item = {}, ConditionExpression = '', ExpressionAttributeValues = {} }: Call): {
    status: number
    body: object
  } {
    const key = keyOf(Item)
    const before = this.#items.get(key)
    const holds = ConditionExpression.includes('attribute_not_exists')
      ? before === undefined
      : before?.['version']?.N === ExpressionAttributeValues[':before']?.N
    if (!holds) return { status: 400, body: { __type: 'ConditionalCheckFailedException' } }
    this.#items.set(key, Item)
    if (before?.['statePk']?.S !== undefined) this.#states.get(before['statePk'].S)?.delete(key)
    const partition = Item['statePk']?.S
    if (partition !== undefined) {
      const entries = this.#states.get(partition) ?? new Map<string, Item>()
      this.#states.set(partition, entries.set(key, Item))
    }
    return { status: 200, body: {} }
  }
}
