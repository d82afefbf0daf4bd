/** People, workspaces and keys: the pages and the API, and the mails behind them. */
import { type App, Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import {
  apiEnvironment,
  oauth2Environment,
  publishEventsEnvironment,
  sendMailsEnvironment,
} from '../functions/auth/environment.ts'
import { OUTBOX_PREFIX } from '../functions/auth/events.ts'
import { grantAccessRead, grantAccessWrite, grantKitSecret, grantPublish } from './constructs/platform-access.ts'
import { grantKit, ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import { ServiceTable } from './constructs/service-table.ts'
import { StreamConsumer } from './constructs/stream-consumer.ts'
import { grantEnqueueTask } from './constructs/task-commands.ts'
import { WorkQueue } from './constructs/work-queue.ts'
import type { Environment } from './environments.ts'

/** A password takes 40 ms of a whole CPU, and CPU comes with memory: 1,769 MB is one (Lambda's documentation). */
const API_MEMORY_MB = 1_769
/** A few reads and writes for each of ten messages. */
const MAILS_TIMEOUT = Duration.seconds(20)

export class Auth extends ServiceStack {
  constructor(app: App, environment: Environment) {
    super(app, 'Auth', { environment, description: 'Backlot: people, workspaces, keys' })
    const table = new ServiceTable(this, 'Table')
    this.#api(table, this.#mails(table))
    this.#oauth2(table)
    this.#events(table)
  }

  #api(table: ServiceTable, mails: WorkQueue): void {
    const monitoring = { impact: 'People cannot sign in, and keys and members cannot be managed; keys work.' }
    const handler = new ServiceFunction(this, 'ApiFunction', {
      source: 'functions/auth/api.lambda.ts',
      environment: apiEnvironment,
      memoryMb: API_MEMORY_MB,
      monitoring,
    })
    table.grantReadWrite(handler, 'AUTH_TABLE')
    mails.grantSend(handler, 'MAILS_QUEUE_URL')
    grantKit(handler, { state: table })
    grantAccessWrite(handler, 'ACCESS_TABLE')
    const api = new ServiceApi(this, 'Api', { handler, monitoring })
    this.publish('ApiId', api.apiId)
    this.publish('ApiUrl', api.url)
  }

  #oauth2(table: ServiceTable): void {
    const monitoring = { impact: 'Applications get no tokens; those that they have work for ten minutes.' }
    const handler = new ServiceFunction(this, 'OAuth2Function', {
      source: 'functions/auth/oauth2.lambda.ts',
      environment: oauth2Environment,
      memoryMb: 512,
      monitoring,
    })
    table.grantReadWrite(handler, 'AUTH_TABLE')
    grantKit(handler, { state: table })
    grantAccessWrite(handler, 'ACCESS_TABLE')
    const key = this.#signingKey()
    key.grant(handler, 'kms:Sign', 'kms:GetPublicKey')
    handler.setVariable('SIGNING_KEY_ID', key.keyId)
    const api = new ServiceApi(this, 'OAuth2Api', { name: 'oauth2', handler, monitoring })
    this.publish('OAuth2ApiId', api.apiId)
    this.publish('OAuth2ApiUrl', api.url)
  }

  /** News alone, and only once: that TTL takes an item away is none. */
  #events(table: ServiceTable): void {
    const monitoring = {
      impact: 'Other services hear late of people, members and keys; who may do what holds at once.',
    }
    const consumer = new ServiceFunction(this, 'PublishEvents', {
      source: 'functions/auth/publish-events.lambda.ts',
      environment: publishEventsEnvironment,
      monitoring,
    })
    grantPublish(consumer, 'EVENT_BUS')
    const filters = [{ eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: OUTBOX_PREFIX }] } } } }]
    new StreamConsumer(this, 'News', { table, consumer, filters, monitoring })
  }

  /** KMS rotates no asymmetric keys by itself: a new key is a new resource, published before it signs. */
  #signingKey(): Key {
    return new Key(this, 'SigningKey', {
      description: 'Signs access tokens and id tokens (ES256)',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: this.deployment.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
  }

  #mails(table: ServiceTable): WorkQueue {
    const monitoring = { impact: 'Mails for registrations, new passwords and invitations are sent late.' }
    const consumer = new ServiceFunction(this, 'SendMails', {
      source: 'functions/auth/send-mails.lambda.ts',
      environment: sendMailsEnvironment,
      timeout: MAILS_TIMEOUT,
      monitoring,
    })
    table.grant(consumer, 'AUTH_TABLE', 'GetItem', 'PutItem', 'UpdateItem')
    grantAccessRead(consumer, 'ACCESS_TABLE')
    grantKitSecret(consumer, 'KIT_SECRET_ID')
    consumer.setVariable('PUBLIC_ORIGIN', this.deployment.publicOrigin)
    grantEnqueueTask(consumer, 'TASK_COMMANDS_QUEUE_URL')
    return new WorkQueue(this, 'Mails', { name: 'mails', consumer, monitoring })
  }
}
