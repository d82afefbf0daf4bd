/** Every minute: what is due ends. Entry and wiring; how is in `clock/`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { createIds } from '#core/ids.ts'
import { eventHandler } from '#core/invocation.ts'
import { systemRandom } from '#core/random.ts'
import { formatTraceparent } from '#core/trace.ts'
import { createChangesStore } from './changes/changes.store.ts'
import { createDueStore } from './clock/due.store.ts'
import { fire } from './clock/fire.ts'
import { tick } from './clock/tick.ts'
import { tickEnvironment } from './environment.ts'
import { createObjectsStore } from './objects/objects.store.ts'

const { PAYMENTS_TABLE } = tickEnvironment.read()
const [clock, random] = [systemClock, systemRandom]
const dynamo = documentClient()
const due = createDueStore(dynamo, PAYMENTS_TABLE)
const services = {
  objects: createObjectsStore(dynamo, PAYMENTS_TABLE),
  changes: createChangesStore(dynamo, PAYMENTS_TABLE, random),
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
