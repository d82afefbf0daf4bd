/** Queue `events` → deliveries and their tasks: entry and wiring. How is in `webhooks/out/fan-out.ts`. */
import { systemClock } from '#core/clock.ts'
import { isUnavailable } from '#core/dependency.ts'
import { documentClient } from '#core/document-client.store.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { createEnqueueTask } from '#core/task-commands.store.ts'
import { createChangesStore } from './changes/changes.store.ts'
import { fanOutEventsEnvironment } from './environment.ts'
import { eventMessage } from './forwarding/messages.ts'
import { createObjectsStore } from './objects/objects.store.ts'
import { fanOut } from './webhooks/out/fan-out.ts'

const { PAYMENTS_TABLE, TASK_COMMANDS_QUEUE_URL } = fanOutEventsEnvironment.read()
const dynamo = documentClient()
const services = {
  objects: createObjectsStore(dynamo, PAYMENTS_TABLE),
  changes: createChangesStore(dynamo, PAYMENTS_TABLE, systemRandom),
  enqueueTask: createEnqueueTask(queueClient(), TASK_COMMANDS_QUEUE_URL),
}

export const handler = sqsHandler({
  name: 'payments/fan-out-events',
  clock: systemClock,
  random: systemRandom,
  schema: eventMessage,
  async handle(messages, { now, log }) {
    const failed = await Promise.all(
      messages.map(async ({ id, body }) => {
        try {
          await fanOut(body, services, now, log)
          return []
        } catch (error) {
          log.fail(error, isUnavailable(error) ? 'warn' : 'error')
          return [id]
        }
      }),
    )
    return failed.flat()
  },
})
