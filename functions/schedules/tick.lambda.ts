/** Every minute: what is due gets a hint, delayed to its second. Entry and wiring; how is in `firing/tick.ts`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { eventHandler } from '#core/invocation.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { tickEnvironment } from './environment.ts'
import { createDueStore } from './firing/due.store.ts'
import { createSendHints } from './firing/hints.store.ts'
import { tick } from './firing/tick.ts'

const { SCHEDULES_TABLE, DUE_QUEUE_URL } = tickEnvironment.read()
const due = createDueStore(documentClient(), SCHEDULES_TABLE)
const sendHints = createSendHints(queueClient(), DUE_QUEUE_URL)

export const handler = eventHandler(
  { name: 'schedules/tick', clock: systemClock, random: systemRandom },
  async (_event, { log, now }) => {
    const { hints, queries } = await tick(due, sendHints, now)
    log.metric('dueHints', hints)
    log.metric('dueQueries', queries)
  },
)
