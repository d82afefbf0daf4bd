/** The tasks API: entry and wiring. Routes are in `requests/task-routes.ts`, `queues/queue-routes.ts` and, on local clouds, `inbox/inbox-routes.ts`. */
import { systemClock } from '#core/clock.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { apiEnvironment } from './environment.ts'
import { createSendHints } from './hints/hints.store.ts'
import { createInboxStore } from './inbox/inbox.store.ts'
import { type InboxServices, inboxRoutes } from './inbox/inbox-routes.ts'
import { findDefinition } from './kinds/definitions.ts'
import { createQueuesStore } from './queues/queues.store.ts'
import { createTaskListsStore } from './requests/task-lists.store.ts'
import { createTasksStore } from './states/tasks.store.ts'
import { tasksApi } from './tasks-api.ts'

const environment = apiEnvironment.read()
const kit = createKit(environment, { clock: systemClock, random: systemRandom })
const tasks = createTasksStore(kit.dynamo, environment.TASKS_TABLE)

export const handler = httpHandler<InboxServices>({
  description: { ...tasksApi, routes: [...tasksApi.routes, ...(environment.INBOX === 'on' ? inboxRoutes : [])] },
  services: {
    tasks,
    lists: createTaskListsStore(kit.dynamo, environment.TASKS_TABLE, tasks),
    queues: createQueuesStore(kit.dynamo, environment.TASKS_TABLE),
    sendHints: createSendHints(queueClient(), environment.HINTS_QUEUE_URL),
    findDefinition,
    ids: kit.ids,
    cursors: kit.cursors,
    inbox: createInboxStore(process.env['AWS_ENDPOINT_URL'] ?? ''),
  },
  kit,
})
