/** Datasets that every workspace has, without declaring them. Pure. */
import { type Dataset, type Definition, definition, NO_POINTER } from './dataset.ts'

/** Visits of short links; `functions/etl/clicks` lands them. At-least-once becomes once by the key. */
const clicks: Definition = definition.parse({
  description: 'Visits of short links, within a minute of the visit. One row each.',
  format: { type: 'ndjson' },
  columns: [
    { name: 'eventId', type: 'string', required: true, description: 'Of the visit.' },
    { name: 'occurredAt', type: 'instant', required: true },
    { name: 'linkId', type: 'string', required: true },
    { name: 'slug', type: 'string', required: true },
    { name: 'audience', type: 'string', required: true, description: '`person` or `bot`.' },
    { name: 'userAgent', type: 'string' },
    { name: 'referrerHost', type: 'string' },
    { name: 'country', type: 'string', description: 'ISO 3166-1 alpha-2.' },
  ],
  keys: ['eventId', 'occurredAt'],
  partitions: [{ column: 'occurredAt', by: 'day' }],
  unknownColumns: 'ignore',
})

export const CLICKS_DATASET = 'clicks'

const DEFINITIONS: Readonly<Record<string, Definition>> = { [CLICKS_DATASET]: clicks }

export const BUILT_IN_NAMES: readonly string[] = Object.keys(DEFINITIONS)

/** Undefined when there is none of this name. */
export function builtIn(workspaceId: string, name: string, now: Date): Dataset | undefined {
  const found = Object.hasOwn(DEFINITIONS, name) ? DEFINITIONS[name] : undefined
  if (found === undefined) return undefined
  const at = now.toISOString()
  return { ...found, ...NO_POINTER, name, workspaceId, builtIn: true, version: 1, createdAt: at, updatedAt: at }
}
