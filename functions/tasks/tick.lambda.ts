/** Every minute: what is due is told to the dispatcher. Entry and wiring; how is in `hints/tick.ts`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { eventHandler } from '#core/invocation.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { tickEnvironment } from './environment.ts'
import { createDueStore } from './hints/due.store.ts'
import { createSendHints } from './hints/hints.store.ts'
import { tick } from './hints/tick.ts'

const { TASKS_TABLE, HINTS_QUEUE_URL } = tickEnvironment.read()
const due = createDueStore(documentClient(), TASKS_TABLE)
const sendHints = createSendHints(queueClient(), HINTS_QUEUE_URL)

export const handler = eventHandler(
  { name: 'tasks/tick', clock: systemClock, random: systemRandom },
  async (_event, { log, now }) => {
    log.metric('dueHints', await tick(due, sendHints, now))
  },
)
