/** What an operation works with: the changes that it adds to, and where ids, chance and its reason come from. Pure. */
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { StoredObject } from '../objects/objects.ts'
import type { Changes } from './changes.ts'
import { type Cause, newEvent } from './stripe-event.ts'

export interface Operation {
  readonly changes: Changes
  readonly ids: Ids
  readonly random: Random
  readonly cause: Cause
}

/** An object as it shall be told of. */
export interface Told {
  readonly object: Pick<StoredObject, 'id' | 'workspaceId' | 'version'>
  readonly body: Readonly<Record<string, unknown>>
}

/** Tells of an object as it is now. */
export function tell(
  { changes, cause, ids }: Operation,
  type: string,
  { object, body }: Told,
  previous?: Readonly<Record<string, unknown>>,
): void {
  changes.tell(newEvent({ type, object, body, previous }, cause, ids))
}
