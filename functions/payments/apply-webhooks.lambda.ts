/** Queue `received` → orders and ledger: entry and wiring. How is in `webhooks/in/apply.ts`. */
import { cached } from '#core/cached.ts'
import { systemClock } from '#core/clock.ts'
import { isUnavailable } from '#core/dependency.ts'
import { documentClient } from '#core/document-client.store.ts'
import { createIds } from '#core/ids.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { createChangesStore } from './changes/changes.store.ts'
import { applyWebhooksEnvironment } from './environment.ts'
import { receivedMessage } from './forwarding/messages.ts'
import { createObjectsStore } from './objects/objects.store.ts'
import { createReferencesStore } from './orders/references.store.ts'
import { applyWebhook } from './webhooks/in/apply.ts'
import { createFindWebhook } from './webhooks/in/received.store.ts'
import { createSourcesStore } from './webhooks/in/sources.store.ts'

const { PAYMENTS_TABLE } = applyWebhooksEnvironment.read()
const clock = systemClock
const dynamo = documentClient()
const services = {
  objects: createObjectsStore(dynamo, PAYMENTS_TABLE),
  references: createReferencesStore(dynamo, PAYMENTS_TABLE),
  changes: createChangesStore(dynamo, PAYMENTS_TABLE, systemRandom),
  findWebhook: createFindWebhook(dynamo, PAYMENTS_TABLE),
  findSource: cached((id: string) => createSourcesStore(dynamo, PAYMENTS_TABLE).find(id), clock),
  ids: createIds(clock, systemRandom),
  random: systemRandom,
}

export const handler = sqsHandler({
  name: 'payments/apply-webhooks',
  clock,
  random: systemRandom,
  schema: receivedMessage,
  async handle(messages, { now, log }) {
    const failed = await Promise.all(
      messages.map(async ({ id, body }) => {
        try {
          await applyWebhook(body, services, now, log)
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
