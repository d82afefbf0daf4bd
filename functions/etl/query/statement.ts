/**
 * What a statement asks for, from DuckDB's own parse tree (`json_serialize_sql`, which takes SELECT alone): the datasets,
 * each with the conditions on it, or why it is refused. The sandbox of the instance stands behind this; here the caller
 * is told what is wrong. Pure.
 */

export type Comparison = '=' | '<' | '<=' | '>' | '>='

/** A literal of the statement; `cast` is the type that it was given in SQL. */
export interface Literal {
  readonly value: string | number
  readonly cast: string | undefined
}

/** Rows of the table that are used all fulfil it. */
export interface Condition {
  readonly column: string
  readonly compare: Comparison
  readonly literal: Literal
}

/** One mention of a dataset in a statement. */
export interface TableUse {
  /** As written; names are not case-sensitive. */
  readonly name: string
  readonly conditions: readonly Condition[]
}

export type Statement =
  | { readonly kind: 'select'; readonly uses: readonly TableUse[]; readonly defined: ReadonlySet<string> }
  | { readonly kind: 'refused'; readonly code: StatementRefusal; readonly detail: string }

export type StatementRefusal = 'sql_invalid' | 'statement_not_allowed' | 'function_not_allowed' | 'table_not_allowed'

/** Give rows from their arguments alone. Every other table function reads files, settings or other catalogs. */
const TABLE_FUNCTIONS = new Set(['unnest', 'range', 'generate_series', 'json_each', 'json_tree'])
/** Tell about the machine or its settings. */
const REFUSED_FUNCTIONS = new Set(['getenv', 'current_setting', 'getvariable', 'write_log'])

type Node = Readonly<Record<string, unknown>>

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

class Refusal extends Error {
  readonly code: StatementRefusal
  constructor(code: StatementRefusal, detail: string) {
    super(detail)
    this.code = code
  }
}

/** `serialised` is what `json_serialize_sql` gave. */
export function statementOf(serialised: unknown): Statement {
  const root = serialised as Node
  if (root['error'] === true) return refusedByParser(root)
  const statements = root['statements'] as readonly Node[]
  if (statements.length !== 1)
    return {
      kind: 'refused',
      code: 'statement_not_allowed',
      detail: `expected one statement, got ${statements.length}`,
    }
  const uses: TableUse[] = []
  const defined = new Set<string>()
  try {
    visit(statements[0], uses, defined, [])
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', code: error.code, detail: error.message }
    throw error
  }
  return { kind: 'select', uses, defined }
}

function refusedByParser(root: Node): Statement {
  const message = textOf(root['error_message'])
  if (root['error_type'] === 'parser') return { kind: 'refused', code: 'sql_invalid', detail: message }
  return { kind: 'refused', code: 'statement_not_allowed', detail: 'expected a SELECT statement' }
}

/** `conditions` are those of the SELECT around, for the tables directly in its FROM. */
function visit(value: unknown, uses: TableUse[], defined: Set<string>, conditions: readonly Condition[]): void {
  if (Array.isArray(value)) {
    for (const one of value) visit(one, uses, defined, [])
    return
  }
  if (!isNode(value)) return
  check(value)
  if (value['type'] === 'BASE_TABLE') uses.push(useOf(value, conditions))
  const from = value['type'] === 'SELECT_NODE' ? value['from_table'] : undefined
  for (const [key, child] of Object.entries(value)) {
    if (key === 'cte_map') names(child, defined)
    visit(child, uses, defined, child === from && isNode(from) ? conditionsFor(value, from) : [])
  }
}

function names(cteMap: unknown, defined: Set<string>): void {
  const map = isNode(cteMap) && Array.isArray(cteMap['map']) ? (cteMap['map'] as readonly Node[]) : []
  for (const { key } of map) defined.add(textOf(key).toLowerCase())
}

function check(node: Node): void {
  const name = textOf((isNode(node['function']) ? node['function'] : node)['function_name']).toLowerCase()
  if (node['type'] === 'TABLE_FUNCTION' && !TABLE_FUNCTIONS.has(name))
    throw new Refusal('function_not_allowed', `expected one of ${[...TABLE_FUNCTIONS].join(', ')} in FROM, got ${name}`)
  if (node['class'] === 'FUNCTION' && (REFUSED_FUNCTIONS.has(name) || node['schema'] !== ''))
    throw new Refusal('function_not_allowed', `expected a function on values, got ${name}`)
  if (node['class'] === 'PARAMETER')
    throw new Refusal('sql_invalid', 'expected values in the statement, got a parameter')
  if (node['type'] === 'SHOW_REF' && !isNode(node['query']))
    throw new Refusal('statement_not_allowed', 'expected a SELECT statement, GET /api/etl/datasets lists the datasets')
}

function useOf(node: Node, conditions: readonly Condition[]): TableUse {
  const name = textOf(node['table_name'])
  if (node['catalog_name'] !== '' || (node['schema_name'] !== '' && node['schema_name'] !== 'main'))
    throw new Refusal('table_not_allowed', `expected the name of a dataset, got ${name} in another schema`)
  return { name, conditions }
}

/** Only of a SELECT from this one table without a join: elsewhere a column's table would have to be worked out. */
function conditionsFor(select: Node, from: Node): readonly Condition[] {
  if (from['type'] !== 'BASE_TABLE' || from['sample'] != null || !isEmpty(from['column_name_alias'])) return []
  const known = new Set([from['table_name'], from['alias']].map((name) => textOf(name).toLowerCase()))
  return conjuncts(select['where_clause']).flatMap((one) => conditionsOf(one, known))
}

const isEmpty = (value: unknown): boolean => !Array.isArray(value) || value.length === 0

function conjuncts(value: unknown): readonly Node[] {
  if (!isNode(value)) return []
  if (value['type'] !== 'CONJUNCTION_AND') return [value]
  return (value['children'] as readonly unknown[]).flatMap(conjuncts)
}

const COMPARISONS: Readonly<Record<string, readonly [Comparison, Comparison]>> = {
  COMPARE_EQUAL: ['=', '='],
  COMPARE_LESSTHAN: ['<', '>'],
  COMPARE_LESSTHANOREQUALTO: ['<=', '>='],
  COMPARE_GREATERTHAN: ['>', '<'],
  COMPARE_GREATERTHANOREQUALTO: ['>=', '<='],
}

function conditionsOf(node: Node, tables: ReadonlySet<string>): readonly Condition[] {
  if (node['type'] === 'COMPARE_BETWEEN') {
    const column = columnOf(node['input'], tables)
    const [lower, upper] = [literalOf(node['lower']), literalOf(node['upper'])]
    if (column === undefined) return []
    return [
      ...(lower === undefined ? [] : [{ column, compare: '>=', literal: lower } as const]),
      ...(upper === undefined ? [] : [{ column, compare: '<=', literal: upper } as const]),
    ]
  }
  const compare = COMPARISONS[textOf(node['type'])]
  if (compare === undefined) return []
  return [
    ...pair(columnOf(node['left'], tables), compare[0], literalOf(node['right'])),
    ...pair(columnOf(node['right'], tables), compare[1], literalOf(node['left'])),
  ]
}

const pair = (column: string | undefined, compare: Comparison, value: Literal | undefined): readonly Condition[] =>
  column === undefined || value === undefined ? [] : [{ column, compare, literal: value }]

function columnOf(value: unknown, tables: ReadonlySet<string>): string | undefined {
  if (!isNode(value) || value['class'] !== 'COLUMN_REF') return undefined
  const parts = value['column_names'] as readonly string[]
  const [first = '', second] = parts
  if (parts.length === 1) return first
  return parts.length === 2 && tables.has(first.toLowerCase()) ? second : undefined
}

function literalOf(value: unknown): Literal | undefined {
  if (!isNode(value)) return undefined
  if (value['class'] === 'CAST' && value['try_cast'] === false) {
    const inner = literalOf(value['child'])
    const type = isNode(value['cast_type']) ? textOf(value['cast_type']['id']) : undefined
    return inner === undefined || inner.cast !== undefined || type === undefined ? undefined : { ...inner, cast: type }
  }
  const constant = value['class'] === 'CONSTANT' && isNode(value['value']) ? value['value'] : undefined
  if (constant === undefined || constant['is_null'] === true) return undefined
  const type = isNode(constant['type']) ? constant['type']['id'] : undefined
  const content = constant['value']
  if (type === 'VARCHAR' && typeof content === 'string') return { value: content, cast: undefined }
  if ((type === 'INTEGER' || type === 'BIGINT') && Number.isSafeInteger(content))
    return { value: content as number, cast: undefined }
  return undefined
}
