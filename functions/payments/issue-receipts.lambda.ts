/** Paid orders → receipts and their mails: entry and wiring. How is in `receipts/issue-receipts.ts`. */
import { accessStore } from '#core/access.store.ts'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { createEnqueueTask } from '#core/task-commands.store.ts'
import { createChangesStore } from './changes.store.ts'
import { issueReceiptsEnvironment } from './environment.ts'
import { paidMessage } from './messages.ts'
import { createObjectsStore } from './objects.store.ts'
import { createCountersStore } from './receipts/counters.store.ts'
import { issueReceipt } from './receipts/issue-receipts.ts'

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
    const failed: string[] = []
    // One after the other: they all want the next number.
    for (const { id, body } of messages)
      try {
        const receipt = await issueReceipt(body, services, systemClock.now())
        log.metric('issuedReceipts', receipt === undefined ? 0 : 1)
      } catch (error) {
        log.fail(error)
        failed.push(id)
      }
    return failed
  },
})
