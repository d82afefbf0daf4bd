/** The auth API and its pages: entry and wiring. Routes are listed in `auth-api.ts`. */
import { systemClock } from '#core/clock.ts'
import { cookieJar } from '#core/cookies.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { rateLimitStore } from '#core/rate-limit.store.ts'
import { authApi } from './auth-api.ts'
import { createClientsStore } from './credentials/clients.store.ts'
import { apiEnvironment } from './environment.ts'
import { outboxItemOf } from './events.ts'
import { createRequestMail } from './mails/mails-queue.store.ts'
import { createForms } from './pages/forms.ts'
import { passwords } from './people/password.ts'
import { createThrottle } from './people/throttle.ts'
import { createUsersStore } from './people/users.store.ts'
import { createSessionsStore } from './sessions/sessions.store.ts'
import { createSessions } from './sessions/sessions.ts'
import { createInvitationsStore } from './workspaces/invitations.store.ts'
import { createWorkspacesStore } from './workspaces/workspaces.store.ts'

const environment = apiEnvironment.read()
const [clock, random] = [systemClock, systemRandom]
const kit = createKit(environment, { clock, random })
const { dynamo, secret, ids, accessStore: access } = kit
const cookies = cookieJar(kit.publicOrigin)
const sessionsStore = createSessionsStore(dynamo, environment.AUTH_TABLE)
const findMember = (workspaceId: string, userId: string) => access.findMember(workspaceId, userId)
const sessions = createSessions({ store: sessionsStore, findMember, cookies, clock, random, ids })

export const handler = httpHandler({
  description: authApi,
  services: {
    users: createUsersStore(dynamo, environment.AUTH_TABLE),
    sessions,
    sessionsStore,
    passwords: passwords(random, () => secret.key('password')),
    forms: createForms(cookies, random, () => secret.key('form'), kit.publicOrigin),
    throttle: createThrottle(rateLimitStore(dynamo, environment.STATE_TABLE), clock),
    requestMail: createRequestMail(queueClient(), environment.MAILS_QUEUE_URL),
    tell: (news, origin) => [
      { Put: { TableName: environment.AUTH_TABLE, Item: outboxItemOf(news, ids('evt'), origin) } },
    ],
    workspaces: createWorkspacesStore(dynamo, environment.ACCESS_TABLE),
    invitations: createInvitationsStore(dynamo, environment.AUTH_TABLE),
    access,
    clients: createClientsStore(dynamo, environment.ACCESS_TABLE),
    apiKeyHmac: () => secret.key('api-key'),
    mailTokenKey: () => secret.key('mail-token'),
    ids,
    cursors: kit.cursors,
    clock,
    random,
  },
  kit: { ...kit, access: { ...kit.access, sessions } },
})
