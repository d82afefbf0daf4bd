/** Paid orders → receipts and their mails: entry and wiring. How is in `receipts/issue-receipts.ts`. */
import { accessStore } from '#core/access.store.ts'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { createEnqueueTask } from '#core/task-commands.store.ts'
import { createChangesStore } from './changes/changes.store.ts'
import { issueReceiptsEnvironment } from './environment.ts'
import { paidMessage } from './forwarding/messages.ts'
import { createObjectsStore } from './objects/objects.store.ts'
import { createCountersStore } from './receipts/counters.store.ts'
import { issueReceipts } from './receipts/issue-receipts.ts'

const { PAYMENTS_TABLE, ACCESS_TABLE, TASK_COMMANDS_QUEUE_URL } = issueReceiptsEnvironment.read()
const dynamo = documentClient()
const access = accessStore(dynamo, ACCESS_TABLE)
const services = {
  objects: createObjectsStore(dynamo, PAYMENTS_TABLE),
  changes: createChangesStore(dynamo, PAYMENTS_TABLE, systemRandom),
  counters: createCountersStore(dynamo, PAYMENTS_TABLE),
  findWorkspace: (id: string) => access.findWorkspace(id),
  enqueueTask: createEnqueueTask(queueClient(), TASK_COMMANDS_QUEUE_URL),
}

export const handler = sqsHandler({
  name: 'payments/issue-receipts',
  clock: systemClock,
  random: systemRandom,
  schema: paidMessage,
  async handle(messages, { log }) {
    const byWorkspace = Map.groupBy(messages, ({ body }) => body.workspaceId)
    const failed = await Promise.all(
      [...byWorkspace].map(async ([workspaceId, group]) => {
        try {
          const paid = group.map(({ body }) => body)
          const receipts = await issueReceipts(workspaceId, paid, services, systemClock.now())
          log.metric('issuedReceipts', receipts.length)
          return []
        } catch (error) {
          log.fail(error)
          return group.map(({ id }) => id)
        }
      }),
    )
    return failed.flat()
  },
})
