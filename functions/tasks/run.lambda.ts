/**
 * A runner's order → its tasks, run: entry and wiring. How is in `running/run.ts`. The one place where a service is wired into another:
 * webhooks are the payments service's, and tasks run them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SESClient } from '@aws-sdk/client-ses'
import { MINUTE, systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { createHttpClient } from '#core/http-client.ts'
import { eventHandler } from '#core/invocation.ts'
import { kitSecret } from '#core/kit-secret.store.ts'
import { createLogger } from '#core/log.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { VERSION } from '#core/version.ts'
import { createChangesStore } from '../payments/changes.store.ts'
import { createObjectsStore } from '../payments/objects.store.ts'
import { createDeliverWebhook } from '../payments/webhooks/out/deliver.ts'
import { createDeliveriesStore } from '../payments/webhooks/out/deliveries.store.ts'
import { createSecretBox, remembering } from '../payments/webhooks/secrets.ts'
import { runEnvironment } from './environment.ts'
import { createSendHints } from './hints/hints.store.ts'
import { findDefinition } from './kinds/definitions.ts'
import { createSendMail } from './kinds/mail.store.ts'
import { MAX_TIMEOUT_MS } from './kinds/task-definition.ts'
import { createQueuesStore } from './queues/queues.store.ts'
import type { Outcome, Pause } from './running/attempt.ts'
import { runQueue } from './running/run.ts'
import { runnerOrder } from './running/runner-order.ts'
import { createTasksStore } from './states/tasks.store.ts'
import type { Task } from './task.ts'

const { TASKS_TABLE, HINTS_QUEUE_URL, MAIL_FROM, ALLOW_LOOPBACK, PAYMENTS_TABLE, KIT_SECRET_ID } = runEnvironment.read()
const dynamo = documentClient()
const clock = systemClock
const attempts = createLogger({ name: 'tasks/attempt', clock })

/** Ends early, instead of rejecting, when nobody waits any more. */
const pause: Pause = (ms, signal) => sleep(ms, undefined, { ...(signal && { signal }), ref: true }).catch(() => {})
const BYTE_VALUES = 256
/** To record the outcome of the longest task, beside the minute in which a runner takes tasks. */
const RECORDING_MS = MINUTE

const http = createHttpClient({ userAgent: `Backlot/${VERSION}`, allowLoopback: ALLOW_LOOPBACK === 'on' })
const secret = kitSecret(new SecretsManagerClient(CLIENT_LIMITS), KIT_SECRET_ID)
const deliverWebhook = createDeliverWebhook({
  objects: createObjectsStore(dynamo, PAYMENTS_TABLE),
  deliveries: createDeliveriesStore(dynamo, PAYMENTS_TABLE),
  changes: createChangesStore(dynamo, PAYMENTS_TABLE, systemRandom),
  secrets: remembering(createSecretBox(() => secret.key('webhook-secret'), systemRandom)),
  http,
  clock,
})

const options = {
  tasks: createTasksStore(dynamo, TASKS_TABLE),
  queues: createQueuesStore(dynamo, TASKS_TABLE),
  sendHints: createSendHints(queueClient(), HINTS_QUEUE_URL),
  findDefinition,
  services: {
    clock,
    http,
    sendMail: createSendMail(new SESClient(CLIENT_LIMITS), MAIL_FROM),
    deliverWebhook,
  },
  clock,
  pause,
  draw: () => (systemRandom.bytes(1)[0] ?? 0) / BYTE_VALUES,
  logAttempt,
}

/** The runner's own line comes when it leaves, which a crash prevents: each attempt has one of its own. */
function logAttempt({ id, workspaceId, name, queue, fence }: Task, outcome: Outcome, durationMs: number): void {
  const line = attempts.begin({ taskId: id, workspaceId, task: name, queue, attempt: fence, outcome: outcome.kind })
  line.set({ ...(outcome.kind === 'failed' && { code: outcome.failure.code }), tookMs: durationMs })
  if (outcome.kind === 'failed' && outcome.error !== undefined) line.fail(outcome.error, 'warn')
  line.end()
}

export const handler = eventHandler(
  { name: 'tasks/run', clock, random: systemRandom },
  async (event, { log, remainingMs }) => {
    const order = runnerOrder.parse(event)
    log.set({ workspaceId: order.workspaceId, queue: order.queue, runnerId: order.runnerId })
    await runQueue(order, { ...options, mayTake: () => remainingMs() > MAX_TIMEOUT_MS + RECORDING_MS }, log)
  },
)
