/** What every object of payments has in common. The shapes of the kinds are in their folders. Pure. */
import { ULID_LENGTH } from '#core/ids.ts'
import { ID_PREFIXES, type ObjectKind } from '../payments-keys.ts'

export interface StoredObject<Kind extends ObjectKind = ObjectKind> {
  readonly kind: Kind
  readonly id: string
  readonly workspaceId: string
  /** 1 when it is made, one more with every change: a write is on condition of the version that it was decided on. */
  readonly version: number
  /** RFC 3339, UTC. */
  readonly createdAt: string
  readonly updatedAt: string
  /** By which it is listed beside its kind: the product of a price, the intent of a charge, the customer of an intent. */
  readonly ownerId?: string | undefined
}

const ULID = `[0-7][0-9A-HJKMNP-TV-Z]{${ULID_LENGTH - 1}}`

/** Keeps what is no id (too long, of another kind) away from the table. */
export const isIdOf = (kind: ObjectKind, id: string): boolean => ID_PATTERNS[kind].test(id)

const ID_PATTERNS = Object.fromEntries(
  Object.entries(ID_PREFIXES).map(([kind, prefix]) => [kind, new RegExp(`^${prefix}_${ULID}$`)]),
) as Readonly<Record<ObjectKind, RegExp>>

/** The next state of an object: one version more. */
export const changed = <T extends StoredObject>(object: T, change: Partial<T>, now: Date): T => ({
  ...object,
  ...change,
  version: object.version + 1,
  updatedAt: now.toISOString(),
})
