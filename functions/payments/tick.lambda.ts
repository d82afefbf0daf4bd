/** Every minute: what is due ends, and endpoints that are not well are looked at. Entry and wiring; how is in `clock/`. */
import { accessStore } from '#core/access.store.ts'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { createIds } from '#core/ids.ts'
import { eventHandler } from '#core/invocation.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { createEnqueueTask } from '#core/task-commands.store.ts'
import { formatTraceparent } from '#core/trace.ts'
import { createChangesStore } from './changes/changes.store.ts'
import { createDueStore } from './clock/due.store.ts'
import { fire } from './clock/fire.ts'
import { tick } from './clock/tick.ts'
import { tickEnvironment } from './environment.ts'
import { createObjectsStore } from './objects/objects.store.ts'
import { createDeliveriesStore } from './webhooks/out/deliveries.store.ts'

const { PAYMENTS_TABLE, ACCESS_TABLE, TASK_COMMANDS_QUEUE_URL } = tickEnvironment.read()
const [clock, random] = [systemClock, systemRandom]
const dynamo = documentClient()
const access = accessStore(dynamo, ACCESS_TABLE)
const due = createDueStore(dynamo, PAYMENTS_TABLE)
const services = {
  objects: createObjectsStore(dynamo, PAYMENTS_TABLE),
  changes: createChangesStore(dynamo, PAYMENTS_TABLE, random),
  deliveries: createDeliveriesStore(dynamo, PAYMENTS_TABLE),
  enqueueTask: createEnqueueTask(queueClient(), TASK_COMMANDS_QUEUE_URL),
  ownersOf: (workspaceId: string) => access.ownersOf(workspaceId),
  ids: createIds(clock, random),
  random,
}
/** For those that were begun; the next tick goes on. */
const MARGIN_MS = 5_000

export const handler = eventHandler(
  { name: 'payments/tick', clock, random },
  async (_event, { log, now, remainingMs, traceFrom }) => {
    const traceparent = formatTraceparent(traceFrom(undefined))
    const mayGoOn = () => remainingMs() > MARGIN_MS
    await tick({ due, mayGoOn, fire: fire({ ...services, traceparent }) }, now, log)
  },
)
