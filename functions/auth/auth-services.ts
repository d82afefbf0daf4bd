/** What the routes of this service are given. Types only; `api.lambda.ts` makes it. */
import type { AccessStore } from '#core/access.store.ts'
import type { Clock } from '#core/clock.ts'
import type { Cursors } from '#core/cursor.ts'
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { Actions } from '#core/transact.store.ts'
import type { ClientsStore } from './credentials/clients.store.ts'
import type { News, Origin } from './events.ts'
import type { RequestMail } from './mails/mails-queue.store.ts'
import type { Forms } from './pages/forms.ts'
import type { Passwords } from './people/password.ts'
import type { Throttle } from './people/throttle.ts'
import type { UsersStore } from './people/users.store.ts'
import type { SessionsStore } from './sessions/sessions.store.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { InvitationsStore } from './workspaces/invitations.store.ts'
import type { WorkspacesStore } from './workspaces/workspaces.store.ts'

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
