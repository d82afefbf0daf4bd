/** Money: the Stripe-compatible API, checkout, orders and ledger, receipts, webhooks in and out. */
import type { App } from 'aws-cdk-lib'
import {
  apiEnvironment,
  forwardChangesEnvironment,
  issueReceiptsEnvironment,
  publishEventsEnvironment,
} from '../functions/payments/environment.ts'
import { TOLD_TYPES } from '../functions/payments/events.ts'
import type { QueueName } from '../functions/payments/forwarding/messages.ts'
import {
  DUE_INDEX,
  EVENTS_PREFIX,
  LIST_INDEX,
  OWNER_INDEX,
  RECEIVED_PREFIX,
} from '../functions/payments/payments-keys.ts'
import type { Monitoring } from './constructs/monitoring.ts'
import { grantAccessRead, grantPublish } from './constructs/platform-access.ts'
import { grantKit, ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import { ServiceTable } from './constructs/service-table.ts'
import { StreamConsumer } from './constructs/stream-consumer.ts'
import { grantEnqueueTask } from './constructs/task-commands.ts'
import { WorkQueue } from './constructs/work-queue.ts'
import type { Environment } from './environments.ts'
import { addClock } from './payments-clock.ts'
import { addCheckout, addStripe } from './payments-stripe.ts'
import { addReceivedWebhooks, addSentWebhooks } from './payments-webhooks.ts'

export class Payments extends ServiceStack {
  readonly #table: ServiceTable

  constructor(app: App, environment: Environment) {
    super(app, 'Payments', { environment, description: 'Backlot: payments' })
    this.#table = new ServiceTable(this, 'Table', {
      indexes: [
        { name: LIST_INDEX, partitionKey: 'listPk', sortKey: 'listSk' },
        { name: OWNER_INDEX, partitionKey: 'ownerPk', sortKey: 'ownerSk' },
        { name: DUE_INDEX, partitionKey: 'duePk', sortKey: 'dueSk' },
      ],
    })
    this.#forward({
      paid: this.#receipts(),
      received: addReceivedWebhooks(this, this.#table),
      events: addSentWebhooks(this, this.#table),
    })
    this.#publisher()
    this.#api()
    addStripe(this, this.#table)
    addCheckout(this, this.#table)
    addClock(this, this.#table)
  }

  #receipts(): WorkQueue {
    const monitoring: Monitoring = { impact: 'Receipts are numbered and mailed late; payments go on.' }
    const consumer = new ServiceFunction(this, 'IssueReceipts', {
      source: 'functions/payments/issue-receipts.lambda.ts',
      environment: issueReceiptsEnvironment,
      monitoring,
    })
    this.#table.grant(consumer, 'PAYMENTS_TABLE', 'GetItem', 'PutItem')
    grantAccessRead(consumer, 'ACCESS_TABLE')
    grantEnqueueTask(consumer, 'TASK_COMMANDS_QUEUE_URL')
    return new WorkQueue(this, 'Paid', { name: 'paid', consumer, monitoring })
  }

  /** One of the stream's two readers. It only hands on, so that nothing that takes long holds a shard. */
  #forward({ paid, received, events }: Readonly<Record<QueueName, WorkQueue>>): void {
    const monitoring: Monitoring = { impact: 'Webhooks are applied and delivered, and receipts are issued, late.' }
    const forwarder = new ServiceFunction(this, 'ForwardChanges', {
      source: 'functions/payments/forward-changes.lambda.ts',
      environment: forwardChangesEnvironment,
      monitoring,
    })
    paid.grantSend(forwarder, 'PAID_QUEUE_URL')
    received.grantSend(forwarder, 'RECEIVED_QUEUE_URL')
    events.grantSend(forwarder, 'EVENTS_QUEUE_URL')
    new StreamConsumer(this, 'Forwarded', {
      table: this.#table,
      consumer: forwarder,
      filters: [changesBelow(EVENTS_PREFIX, ['INSERT']), changesBelow(RECEIVED_PREFIX, ['INSERT', 'MODIFY'])],
      monitoring,
    })
  }

  /** The other one. */
  #publisher(): void {
    const monitoring: Monitoring = { impact: 'Other services hear late of payments, refunds and orders.' }
    const publisher = new ServiceFunction(this, 'PublishEvents', {
      source: 'functions/payments/publish-events.lambda.ts',
      environment: publishEventsEnvironment,
      monitoring,
    })
    grantPublish(publisher, 'EVENT_BUS')
    const news = { NewImage: { type: { S: Object.keys(TOLD_TYPES) } } }
    new StreamConsumer(this, 'Told', {
      table: this.#table,
      consumer: publisher,
      filters: [changesBelow(EVENTS_PREFIX, ['INSERT'], news)],
      monitoring,
    })
  }

  #api(): void {
    const monitoring = { impact: 'Orders, ledger, receipts and webhooks can not be read or changed; payments go on.' }
    const handler = new ServiceFunction(this, 'ApiFunction', {
      source: 'functions/payments/api.lambda.ts',
      environment: apiEnvironment,
      variables: { ALLOW_LOOPBACK: this.deployment.capabilities.loopbackRequests ? 'on' : 'off' },
      memoryMb: 512,
      monitoring,
    })
    this.#table.grantReadWrite(handler, 'PAYMENTS_TABLE')
    grantEnqueueTask(handler, 'TASK_COMMANDS_QUEUE_URL')
    grantKit(handler, { state: this.#table })
    const api = new ServiceApi(this, 'Api', { handler, monitoring })
    this.publish('ApiId', api.apiId)
    this.publish('ApiUrl', api.url)
  }
}

/** Changes of these kinds to items whose partition begins with the prefix. */
const changesBelow = (prefix: string, kinds: readonly string[], images: object = {}) => ({
  eventName: [...kinds],
  dynamodb: { Keys: { pk: { S: [{ prefix }] } }, ...images },
})
