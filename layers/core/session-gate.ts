/**
 * What the kit asks of whoever keeps sessions. Types only: the auth service keeps them and implements this; other
 * services know no cookies.
 */
import type { Person, Principal } from './permissions.ts'

export interface SessionGate {
  /** Undefined for no cookie, and for one that is unknown, over or revoked. Strongly consistent. */
  person(cookieHeader: string | undefined): Promise<Person | undefined>
  /** The person in a workspace; undefined when they are not a member of it. Strongly consistent. */
  principal(person: Person, workspaceId: string): Promise<Principal | undefined>
}
