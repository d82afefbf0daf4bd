/** What the routes of this service are given. Types only; `api.lambda.ts` makes it. */
import type { AccessStore } from '#core/access.store.ts'
import type { Clock } from '#core/clock.ts'
import type { Cursors } from '#core/cursor.ts'
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { ClientsStore } from './clients.store.ts'
import type { News, Origin } from './events.ts'
import type { Forms } from './forms.ts'
import type { InvitationsStore } from './invitations.store.ts'
import type { RequestMail } from './mails-queue.store.ts'
import type { Passwords } from './password.ts'
import type { SessionsStore } from './sessions.store.ts'
import type { Sessions } from './sessions.ts'
import type { Throttle } from './throttle.ts'
import type { UsersStore } from './users.store.ts'
import type { Actions, WorkspacesStore } from './workspaces.store.ts'

export interface AuthServices {
  readonly users: UsersStore
  readonly sessions: Sessions
  readonly sessionsStore: SessionsStore
  readonly passwords: Passwords
  readonly forms: Forms
  readonly throttle: Throttle
  readonly requestMail: RequestMail
  /** What makes a change news: to be part of its transaction. */
  readonly tell: (news: News, origin: Origin) => Actions
  readonly workspaces: WorkspacesStore
  readonly invitations: InvitationsStore
  readonly access: AccessStore
  readonly clients: ClientsStore
  /** Of `hashApiKey`. */
  readonly apiKeyHmac: () => Promise<Uint8Array>
  /** Derived for the purpose `mail-token`. */
  readonly mailTokenKey: () => Promise<Uint8Array>
  readonly ids: Ids
  readonly cursors: Cursors
  readonly clock: Clock
  readonly random: Random
}
