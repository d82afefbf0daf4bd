/**
 * DynamoDB and KMS that answer from memory, in the place of the SDK's HTTP handler: what is measured around them is our
 * code and the SDK. They know the calls that the token endpoint makes, refuse nothing, and count calls and capacity.
 */
type Attribute = Readonly<Record<string, string>>
type Item = Record<string, Attribute>
interface Write {
  readonly Item?: Item
  readonly Key?: Item
}
interface Call extends Write {
  readonly TransactItems?: ReadonlyArray<Readonly<Record<string, Write>>>
}

const KB = 1_024
/** DER of a P-256 signature: what KMS answers. Nobody checks it here. */
const SIGNATURE = Buffer.concat([
  Buffer.from([0x30, 68, 0x02, 32]),
  Buffer.alloc(32, 1),
  Buffer.from([0x02, 32]),
  Buffer.alloc(32, 2),
])

const keyOf = ({ pk, sk }: Item): string => `${pk?.['S']}\n${sk?.['S']}`
const unitsOf = (item: Item | undefined, size: number): number =>
  Math.max(1, Math.ceil(JSON.stringify(item ?? {}).length / size))

export class FakeAws {
  readonly calls = new Map<string, number>()
  writeUnits = 0
  readUnits = 0
  readonly #items = new Map<string, Item>()

  readonly requestHandler = {
    handle: async (request: { headers: Record<string, string>; body: string }) => {
      const operation = request.headers['x-amz-target']?.split('.').at(-1) ?? ''
      this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1)
      const answer = Buffer.from(
        JSON.stringify(this.#answer(operation, JSON.parse(String(Buffer.from(request.body))) as Call)),
      )
      const headers = { 'content-type': request.headers['content-type'] ?? 'application/x-amz-json-1.0' }
      return { response: { statusCode: 200, headers, body: answer } }
    },
  }

  /** An item in DynamoDB's own JSON. */
  put(item: object): void {
    this.#items.set(keyOf(item as Item), item as Item)
  }

  forget(): void {
    this.calls.clear()
    this.writeUnits = 0
    this.readUnits = 0
  }

  #answer(operation: string, call: Call): object {
    switch (operation) {
      case 'Sign':
        return { Signature: SIGNATURE.toString('base64'), SigningAlgorithm: 'ECDSA_SHA_256' }
      case 'GetItem':
        return this.#get(call.Key ?? {})
      case 'PutItem':
        this.put(call.Item ?? {})
        this.writeUnits += unitsOf(call.Item, KB)
        return {}
      // The only one is the rate limit's.
      case 'UpdateItem':
        this.writeUnits += 1
        return { Attributes: { hits: { N: '1' } } }
      case 'TransactWriteItems':
        // A transaction costs two units for one, its checks too.
        for (const action of call.TransactItems ?? [])
          for (const { Key = {} } of Object.values(action))
            this.writeUnits += 2 * unitsOf(this.#items.get(keyOf(Key)), KB)
        return {}
      default:
        throw new Error(`expected a call that the token endpoint makes, got ${operation}`)
    }
  }

  #get(key: Item): object {
    const item = this.#items.get(keyOf(key))
    this.readUnits += unitsOf(item, 4 * KB)
    return item === undefined ? {} : { Item: item }
  }
}
