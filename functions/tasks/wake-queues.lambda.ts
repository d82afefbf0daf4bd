/**
 * The table's stream → a hint for each queue that got a task. The guarantee behind the hints that are sent along with a
 * write: what is written as queued is told of, even if its writer died at that moment.
 */
import { systemClock } from '#core/clock.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { streamHandler } from '#core/stream.ts'
import { wakeQueuesEnvironment } from './environment.ts'
import { entered, taskItem } from './events.ts'
import { wakeHint } from './hints/hint.ts'
import { createSendHints } from './hints/hints.store.ts'
import { isTaskKey } from './task-keys.ts'

const { HINTS_QUEUE_URL } = wakeQueuesEnvironment.read()
const sendHints = createSendHints(queueClient(), HINTS_QUEUE_URL)

export const handler = streamHandler({
  name: 'tasks/wake-queues',
  clock: systemClock,
  random: systemRandom,
  schema: taskItem,
  wants: isTaskKey,
  async handle(changes, { log }) {
    const queues = changes.flatMap((change) =>
      entered(change, 'queued') && change.after ? [wakeHint(change.after)] : [],
    )
    // Once for each queue, however many tasks came.
    const hints = [...new Map(queues.map((hint) => [JSON.stringify(hint), { hint }])).values()]
    await sendHints(hints)
    log.metric('wokenQueues', hints.length)
    return []
  },
})
