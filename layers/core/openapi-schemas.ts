/**
 * Zod schemas as JSON Schemas (draft 2020-12), with every schema that has a `.meta({ id })` once under
 * `#/components/schemas/`. Pure: the same schemas in the same order give the same text.
 */
import * as z from 'zod'
import type { JsonSchema } from './openapi-document.ts'

/** `input` describes what a client may send, `output` what it gets. */
export type Direction = 'input' | 'output'

export type SchemaUse = readonly [schema: z.ZodType, direction: Direction]

/** Formats that say what zod's own pattern says, only shorter. */
const SPEAKING_FORMATS = new Set(['date-time', 'date', 'time', 'duration', 'email', 'uri', 'uuid'])

const COMPONENTS = '#/components/schemas/'
const DEFINITIONS = '#/$defs/'

type Definitions = Map<string, JsonSchema>

export interface SchemaCollection {
  /** All components by name, sorted. */
  readonly components: Readonly<Record<string, JsonSchema>>
  /** The JSON Schema of one of the collected uses. */
  of(schema: z.ZodType, direction: Direction): JsonSchema
}

/**
 * Collects every use before naming any, because a name depends on all of them: a schema that looks different as input
 * and as output (defaults, transforms) is two components, the input one with the suffix `Input`.
 * Throws when two schemas have the same id.
 */
export function collectSchemas(uses: Iterable<SchemaUse>): SchemaCollection {
  const definitions: Record<Direction, Definitions> = { input: new Map(), output: new Map() }
  const roots: Record<Direction, Map<z.ZodType, JsonSchema>> = { input: new Map(), output: new Map() }
  for (const [schema, direction] of uses) {
    if (roots[direction].has(schema)) continue
    const { $schema: _, $defs, ...root } = z.toJSONSchema(schema, { io: direction, override: simplify(direction) })
    roots[direction].set(schema, root as JsonSchema)
    for (const [id, definition] of Object.entries($defs ?? {}))
      define(definitions[direction], id, definition as JsonSchema)
  }
  const twofold = idsThatDiffer(definitions)
  const nameOf = (id: string, direction: Direction) => (direction === 'input' && twofold.has(id) ? `${id}Input` : id)
  const components = (['input', 'output'] as const).flatMap((direction) =>
    [...definitions[direction]].map(
      ([id, schema]) => [nameOf(id, direction), rewriteReferences(schema, (of) => nameOf(of, direction))] as const,
    ),
  )
  return {
    components: Object.fromEntries(components.sort(([a], [b]) => (a < b ? -1 : 1))),
    of(schema, direction) {
      const root = roots[direction].get(schema)
      if (root === undefined) throw new Error(`expected a schema that was collected as ${direction}, got another`)
      return rewriteReferences(root, (id) => nameOf(id, direction))
    },
  }
}

function define(definitions: Definitions, id: string, schema: JsonSchema): void {
  const known = definitions.get(id)
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
    throw new Error(`expected one schema with the id ${id}, got two that differ`)
  definitions.set(id, schema)
}

/** A schema differs when its own text does, or when it refers to one that does. */
function idsThatDiffer({ input, output }: Record<Direction, Definitions>): ReadonlySet<string> {
  const texts = [...input]
    .filter(([id]) => output.has(id))
    .map(([id, schema]) => ({ id, sent: JSON.stringify(schema), received: JSON.stringify(output.get(id)) }))
  const differ = new Set(texts.filter(({ sent, received }) => sent !== received).map(({ id }) => id))
  for (let before = -1; before !== differ.size; ) {
    before = differ.size
    for (const { id, sent } of texts)
      if ([...differ].some((other) => sent.includes(`"${DEFINITIONS}${other}"`))) differ.add(id)
  }
  return differ
}

/**
 * Leaves out what only repeats: the pattern behind a speaking format, the safe-integer bounds. Answers stay open for
 * new properties: a client must ignore what it does not know, so `additionalProperties: false` would promise too much.
 */
const simplify =
  (direction: Direction) =>
  ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
    if (jsonSchema.format !== undefined && SPEAKING_FORMATS.has(jsonSchema.format)) delete jsonSchema.pattern
    // A number that arrives as text (a query parameter) is described as the number, not by the text's pattern and length.
    if (jsonSchema.type === 'integer' || jsonSchema.type === 'number') {
      delete jsonSchema.pattern
      delete jsonSchema.minLength
    }
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    if (direction === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  }

function rewriteReferences(schema: JsonSchema, nameOf: (id: string) => string): JsonSchema {
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) =>
        key === '$ref' && typeof inner === 'string'
          ? [key, `${COMPONENTS}${nameOf(inner.slice(DEFINITIONS.length))}`]
          : [key, rewrite(inner)],
      ),
    )
  }
  return rewrite(schema) as JsonSchema
}
