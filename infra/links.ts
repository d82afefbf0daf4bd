/** Short links: an API to manage them, the redirect, and what happens to clicks and changes behind them. */
import { type App, Duration } from 'aws-cdk-lib'
import {
  apiEnvironment,
  countClicksEnvironment,
  forgetClicksEnvironment,
  publishEventsEnvironment,
  redirectEnvironment,
} from '../functions/links/environment.ts'
import { LINKS_PARTITION_PREFIX } from '../functions/links/link-keys.ts'
import { BusSubscription } from './constructs/bus-subscription.ts'
import { grantPublish } from './constructs/platform-access.ts'
import { grantKit, ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import { ServiceTable } from './constructs/service-table.ts'
import { ServiceUrl } from './constructs/service-url.ts'
import { StreamConsumer } from './constructs/stream-consumer.ts'
import { WorkQueue } from './constructs/work-queue.ts'
import type { Environment } from './environments.ts'

/** CPU comes with memory: a cold start of the redirect is what a person waits for. */
const REDIRECT_MEMORY_MB = 1_024
/** Of one lookup; after this a browser should see our error, not its own. */
const REDIRECT_TIMEOUT = Duration.seconds(5)

export class Links extends ServiceStack {
  constructor(app: App, environment: Environment) {
    super(app, 'Links', { environment, description: 'Backlot: short links' })
    const table = new ServiceTable(this, 'Table')
    this.#api(table)
    this.#redirect(table)
    this.#events(table)
  }

  #api(table: ServiceTable): void {
    const monitoring = { impact: 'Links cannot be made, changed or listed.' }
    const handler = new ServiceFunction(this, 'ApiFunction', {
      source: 'functions/links/api.lambda.ts',
      environment: apiEnvironment,
      memoryMb: 512,
      monitoring,
    })
    table.grantReadWrite(handler, 'LINKS_TABLE')
    grantKit(handler, { state: table })
    const api = new ServiceApi(this, 'Api', { handler, monitoring })
    this.publish('ApiId', api.apiId)
    this.publish('ApiUrl', api.url)
  }

  #redirect(table: ServiceTable): void {
    const monitoring = { impact: 'Short links do not lead anywhere.' }
    const handler = new ServiceFunction(this, 'RedirectFunction', {
      source: 'functions/links/redirect.lambda.ts',
      environment: redirectEnvironment,
      memoryMb: REDIRECT_MEMORY_MB,
      timeout: REDIRECT_TIMEOUT,
      monitoring,
    })
    table.grant(handler, 'LINKS_TABLE', 'GetItem')
    this.#clicks(table).grantSend(handler, 'CLICKS_QUEUE_URL')
    const api = new ServiceApi(this, 'RedirectApi', { name: 'redirect', handler, monitoring })
    const { url } = new ServiceUrl(this, 'Url', { handler, monitoring })
    this.publish('RedirectApiId', api.apiId)
    this.publish('RedirectApiUrl', api.url)
    this.publish('RedirectUrl', url)
  }

  #clicks(table: ServiceTable): WorkQueue {
    const monitoring = { impact: 'Clicks are counted late; redirects work.' }
    const consumer = new ServiceFunction(this, 'CountClicks', {
      source: 'functions/links/count-clicks.lambda.ts',
      environment: countClicksEnvironment,
      monitoring,
    })
    table.grant(consumer, 'LINKS_TABLE', 'BatchGetItem', 'PutItem', 'UpdateItem')
    return new WorkQueue(this, 'Clicks', { name: 'clicks', consumer, monitoring })
  }

  #events(table: ServiceTable): void {
    const publishing = { impact: 'Other services hear of changed links late.' }
    const publisher = new ServiceFunction(this, 'PublishEvents', {
      source: 'functions/links/publish-events.lambda.ts',
      environment: publishEventsEnvironment,
      monitoring: publishing,
    })
    grantPublish(publisher, 'EVENT_BUS')
    new StreamConsumer(this, 'Changes', {
      table,
      consumer: publisher,
      // Counters, markers and the kit's items change far more often and are nobody else's business.
      filters: [{ dynamodb: { Keys: { pk: { S: [{ prefix: LINKS_PARTITION_PREFIX }] } } } }],
      monitoring: publishing,
    })

    const forgetting = { impact: 'Counters of deleted links are kept longer than promised.' }
    const forgetter = new ServiceFunction(this, 'ForgetClicks', {
      source: 'functions/links/forget-clicks.lambda.ts',
      environment: forgetClicksEnvironment,
      monitoring: forgetting,
    })
    table.grant(forgetter, 'LINKS_TABLE', 'PutItem', 'Query', 'BatchWriteItem')
    new BusSubscription(this, 'Deleted', {
      from: 'links',
      detailTypes: ['LinkDeleted'],
      consumer: forgetter,
      monitoring: forgetting,
    })
  }
}
