/**
 * What LocalStack cannot update in place. It ignores a changed key or index of an existing table without a word, so
 * the deployer compares the templates first and refuses. Pure.
 */
const TABLE = 'AWS::DynamoDB::Table'
/** The properties that LocalStack does not apply to a table that exists. */
const FROZEN_PROPERTIES = [
  'KeySchema',
  'AttributeDefinitions',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
] as const

interface Resource {
  readonly Type?: string
  readonly Properties?: Readonly<Record<string, unknown>>
}

export interface Template {
  readonly Resources?: Readonly<Record<string, Resource>>
}

export interface FrozenChange {
  readonly logicalId: string
  readonly table: string
  readonly property: (typeof FROZEN_PROPERTIES)[number]
}

/** The same JSON value in one spelling: object keys sorted, and lists sorted whose order has no meaning to DynamoDB. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .map(canonical)
      .map((item) => JSON.stringify(item))
      .sort()
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, canonical(item)]),
    )
  return value
}

/**
 * The changes from `deployed` to `next` that LocalStack would silently drop. A table that is new or gone is none.
 * `AttributeDefinitions`, key schemas and indexes are compared as sets: DynamoDB gives their order no meaning.
 */
export function frozenChanges(deployed: Template, next: Template): FrozenChange[] {
  return Object.entries(next.Resources ?? {}).flatMap(([logicalId, resource]) => {
    const before = deployed.Resources?.[logicalId]
    if (resource.Type !== TABLE || before?.Type !== TABLE) return []
    const name = resource.Properties?.['TableName']
    return FROZEN_PROPERTIES.filter(
      (property) =>
        JSON.stringify(canonical(before.Properties?.[property])) !==
        JSON.stringify(canonical(resource.Properties?.[property])),
    ).map((property) => ({ logicalId, table: typeof name === 'string' ? name : logicalId, property }))
  })
}
