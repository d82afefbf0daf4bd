/** How the routes of `/v1` make and change objects of which nothing but their events depends. Loads nothing, writes nothing. */
import { type Operation, tell } from '../changes/operation.ts'
import { changed, type StoredObject } from '../objects/objects.ts'
import { ID_PREFIXES } from '../payments-keys.ts'
import type { Body } from './expand.ts'

/** As the API and the event show it. */
type Show<T> = (object: T) => Body

type Identity = 'id' | 'version' | 'createdAt' | 'updatedAt'

/** The object with an id (a new one, unless it has one) and its times. */
export function newObject<T extends StoredObject>(
  { ids, cause }: Pick<Operation, 'ids' | 'cause'>,
  fields: Omit<T, Identity> & { readonly kind: T['kind']; readonly id?: string },
): T {
  const at = cause.now.toISOString()
  // The fields of T are those of `fields` and of its identity: TypeScript can't add up an Omit of a type parameter.
  return { id: ids(ID_PREFIXES[fields.kind]), ...fields, version: 1, createdAt: at, updatedAt: at } as unknown as T
}

/** Adds the object and its event `<kind>.created`. */
export function created<T extends StoredObject>(operation: Operation, object: T, show: Show<T>): T {
  operation.changes.create(object)
  tell(operation, `${object.kind}.created`, { object, body: show(object) })
  return object
}

/** Changes the object and adds its event, with the fields that differ; nothing at all when none does. */
export function updated<T extends StoredObject>(operation: Operation, before: T, change: Partial<T>, show: Show<T>): T {
  const previous = differences(show(before), show({ ...before, ...change }))
  if (Object.keys(previous).length === 0) return before
  const after = changed(before, change, operation.cause.now)
  operation.changes.update(before, after)
  tell(operation, `${before.kind}.updated`, { object: after, body: show(after) }, previous)
  return after
}

/** What the fields were that are other now. */
function differences(before: Body, after: Body): Body {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return Object.fromEntries(
    [...names]
      .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .map((name) => [name, before[name] ?? null]),
  )
}

/** The fields that a request names; what it leaves out stays as it is. */
export const named = <T extends object>(fields: T): { readonly [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [Name in keyof T]?: Exclude<T[Name], undefined>
  }
