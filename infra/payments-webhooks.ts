/** Webhooks of payments: an API of its own that receives them, the consumer that applies them, and the one that sends ours out. */
import { Duration } from 'aws-cdk-lib'
import {
  applyWebhooksEnvironment,
  fanOutEventsEnvironment,
  receiveWebhooksEnvironment,
} from '../functions/payments/environment.ts'
import { grantKitSecret } from './constructs/platform-access.ts'
import { ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import type { ServiceStack } from './constructs/service-stack.ts'
import type { ServiceTable } from './constructs/service-table.ts'
import { grantEnqueueTask } from './constructs/task-commands.ts'
import { WorkQueue } from './constructs/work-queue.ts'

/** A signature costs little, but the sender waits: a third of a CPU starts faster than a seventh. */
const RECEIVER_MEMORY_MB = 512
/** Schemas are loaded, and several transactions made at once. */
const APPLY_MEMORY_MB = 512

/**
 * A batch takes some 200 ms. What a consumer that died held comes back after six times this, and until then orders don't
 * show it.
 */
const APPLY_TIMEOUT = Duration.seconds(4)
/** They meet at the balances of the same accounts: more at once wait for each other. */
const APPLY_BATCH = 5

/** Others' messages to us. @returns the queue of those that wait to be applied */
export function addReceivedWebhooks(stack: ServiceStack, table: ServiceTable): WorkQueue {
  const receiving = { impact: 'Webhooks of others are refused; their senders try again for hours or days.' }
  const receiver = new ServiceFunction(stack, 'ReceiveWebhooks', {
    source: 'functions/payments/receive-webhooks.lambda.ts',
    environment: receiveWebhooksEnvironment,
    memoryMb: RECEIVER_MEMORY_MB,
    monitoring: receiving,
  })
  table.grant(receiver, 'PAYMENTS_TABLE', 'GetItem', 'PutItem')
  grantKitSecret(receiver, 'KIT_SECRET_ID')
  const api = new ServiceApi(stack, 'WebhooksApi', {
    name: 'webhooks',
    handler: receiver,
    binaryBodies: true,
    monitoring: receiving,
  })
  stack.publish('WebhooksApiId', api.apiId)
  stack.publish('WebhooksApiUrl', api.url)

  const applying = { impact: 'What webhooks of others tell shows late in orders and ledger.' }
  const consumer = new ServiceFunction(stack, 'ApplyWebhooks', {
    source: 'functions/payments/apply-webhooks.lambda.ts',
    environment: applyWebhooksEnvironment,
    memoryMb: APPLY_MEMORY_MB,
    timeout: APPLY_TIMEOUT,
    monitoring: applying,
  })
  table.grant(consumer, 'PAYMENTS_TABLE', 'GetItem', 'PutItem', 'UpdateItem')
  return new WorkQueue(stack, 'Received', { name: 'received', consumer, batchSize: APPLY_BATCH, monitoring: applying })
}

/** Ours to others. @returns the queue of events that somebody may want to hear */
export function addSentWebhooks(stack: ServiceStack, table: ServiceTable): WorkQueue {
  const monitoring = { impact: 'Endpoints of customers hear late what happened.' }
  const consumer = new ServiceFunction(stack, 'FanOutEvents', {
    source: 'functions/payments/fan-out-events.lambda.ts',
    environment: fanOutEventsEnvironment,
    monitoring,
  })
  table.grant(consumer, 'PAYMENTS_TABLE', 'GetItem', 'BatchGetItem', 'Query', 'PutItem')
  grantEnqueueTask(consumer, 'TASK_COMMANDS_QUEUE_URL')
  return new WorkQueue(stack, 'Events', { name: 'events', consumer, monitoring })
}
