/** Background work: an API to ask for it, a dispatcher and runners that do it, and a tick for what is due later. */
import { type App, Duration } from 'aws-cdk-lib'
import { Grant } from 'aws-cdk-lib/aws-iam'
import { CfnEmailIdentity } from 'aws-cdk-lib/aws-ses'
import {
  acceptCommandsEnvironment,
  apiEnvironment,
  dispatchEnvironment,
  publishEventsEnvironment,
  runEnvironment,
  tickEnvironment,
  wakeQueuesEnvironment,
} from '../functions/tasks/environment.ts'
import { TOLD_STATUSES } from '../functions/tasks/events.ts'
import { COMMAND_KEY_PREFIX } from '../functions/tasks/task.ts'
import { DUE_INDEX, STATE_INDEX, TASKS_PARTITION_PREFIX } from '../functions/tasks/task-keys.ts'
import type { Monitoring } from './constructs/monitoring.ts'
import { grantPublish } from './constructs/platform-access.ts'
import { grantKit, ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import { ServiceTable } from './constructs/service-table.ts'
import { StreamConsumer } from './constructs/stream-consumer.ts'
import { TASK_COMMANDS } from './constructs/task-commands.ts'
import { Ticker } from './constructs/ticker.ts'
import { grantWebhookDelivery } from './constructs/webhook-deliveries.ts'
import { WorkQueue } from './constructs/work-queue.ts'
import type { Environment } from './environments.ts'

/** Ten tasks at once share it; a quarter of a CPU. */
const RUNNER_MEMORY_MB = 512
/** Lambda's longest: a runner takes tasks for the first minute of it and sees them through. */
const RUNNER_TIMEOUT = Duration.minutes(15)
/** An order that nobody took by then is given up: its places are free again after the lease. */
const ORDER_AGE = Duration.minutes(1)

export class Tasks extends ServiceStack {
  readonly #table: ServiceTable

  constructor(app: App, environment: Environment) {
    super(app, 'Tasks', { environment, description: 'Backlot: background tasks' })
    this.#table = new ServiceTable(this, 'Table', {
      indexes: [
        { name: STATE_INDEX, partitionKey: 'statePk', sortKey: 'stateSk' },
        { name: DUE_INDEX, partitionKey: 'duePk', sortKey: 'dueSk' },
      ],
    })
    const runner = this.#runner()
    const hints = this.#dispatcher(runner)
    hints.grantSend(runner, 'HINTS_QUEUE_URL')
    this.#commands(hints)
    this.#tick(hints)
    this.#stream(hints)
    this.#api(hints)
  }

  #runner() {
    const { mailFrom, capabilities } = this.deployment
    const runner = new ServiceFunction(this, 'Run', {
      source: 'functions/tasks/run.lambda.ts',
      environment: runEnvironment,
      variables: { MAIL_FROM: `Backlot <${mailFrom}>`, ALLOW_LOOPBACK: capabilities.loopbackRequests ? 'on' : 'off' },
      memoryMb: RUNNER_MEMORY_MB,
      timeout: RUNNER_TIMEOUT,
      monitoring: { impact: 'Tasks start late, or again after their worker was lost.' },
    })
    // A runner that failed is not to come back by itself: who has its tasks now is the dispatcher's decision.
    runner.lambda.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: ORDER_AGE })
    this.#table.grant(runner, 'TASKS_TABLE', 'GetItem', 'BatchGetItem', 'Query', 'PutItem')
    grantWebhookDelivery(runner, { table: 'PAYMENTS_TABLE', secret: 'KIT_SECRET_ID' })
    if (capabilities.mailIdentities) new CfnEmailIdentity(this, 'Sender', { emailIdentity: mailFrom })
    const resourceArns = [this.formatArn({ service: 'ses', resource: 'identity', resourceName: mailFrom })]
    Grant.addToPrincipal({ grantee: runner, actions: ['ses:SendEmail'], resourceArns })
    return runner
  }

  #dispatcher(runner: ServiceFunction<(typeof runEnvironment.names)[number]>) {
    const monitoring = { impact: 'Tasks start late.' }
    const dispatcher = new ServiceFunction(this, 'Dispatch', {
      source: 'functions/tasks/dispatch.lambda.ts',
      environment: dispatchEnvironment,
      variables: { RUNNER_FUNCTION: runner.lambda.functionName },
      monitoring,
    })
    this.#table.grant(dispatcher, 'TASKS_TABLE', 'GetItem', 'Query', 'PutItem')
    Grant.addToPrincipal({
      grantee: dispatcher,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [runner.lambda.functionArn],
    })
    const hints = new WorkQueue(this, 'Hints', { name: 'hints', consumer: dispatcher, monitoring })
    hints.grantSend(dispatcher, 'HINTS_QUEUE_URL')
    return hints
  }

  #commands(hints: WorkQueue): void {
    const monitoring = { impact: 'Work that other services ask for (mails, webhooks, scheduled tasks) starts late.' }
    const consumer = new ServiceFunction(this, 'AcceptCommands', {
      source: 'functions/tasks/accept-commands.lambda.ts',
      environment: acceptCommandsEnvironment,
      monitoring,
    })
    this.#table.grant(consumer, 'TASKS_TABLE', 'GetItem', 'Query', 'PutItem')
    hints.grantSend(consumer, 'HINTS_QUEUE_URL')
    new WorkQueue(this, 'Commands', { name: TASK_COMMANDS, consumer, monitoring })
  }

  #tick(hints: WorkQueue): void {
    const monitoring = { impact: 'Tasks with a delay of more than 15 minutes, and those of lost workers, start late.' }
    const ticker = new ServiceFunction(this, 'Tick', {
      source: 'functions/tasks/tick.lambda.ts',
      environment: tickEnvironment,
      timeout: Duration.minutes(1),
      monitoring,
    })
    this.#table.grant(ticker, 'TASKS_TABLE', 'Query')
    hints.grantSend(ticker, 'HINTS_QUEUE_URL')
    new Ticker(this, 'EveryMinute', { target: ticker })
  }

  /** Two readers with filters of their own: heartbeats, and claims of tasks that no service asked for, are news to neither. */
  #stream(hints: WorkQueue): void {
    const waking: Monitoring = { impact: 'Tasks whose hint was lost start late.' }
    const waker = new ServiceFunction(this, 'WakeQueues', {
      source: 'functions/tasks/wake-queues.lambda.ts',
      environment: wakeQueuesEnvironment,
      monitoring: waking,
    })
    hints.grantSend(waker, 'HINTS_QUEUE_URL')
    new StreamConsumer(this, 'Queued', {
      table: this.#table,
      consumer: waker,
      filters: [filterOf(['queued'])],
      monitoring: waking,
    })

    const publishing: Monitoring = { impact: 'Other services hear late that their tasks ended.' }
    const publisher = new ServiceFunction(this, 'PublishEvents', {
      source: 'functions/tasks/publish-events.lambda.ts',
      environment: publishEventsEnvironment,
      monitoring: publishing,
    })
    grantPublish(publisher, 'EVENT_BUS')
    new StreamConsumer(this, 'Ended', {
      table: this.#table,
      consumer: publisher,
      filters: [filterOf(TOLD_STATUSES), STARTED_BY_COMMAND],
      monitoring: publishing,
    })
  }

  #api(hints: WorkQueue): void {
    const monitoring = { impact: 'Tasks can not be made, read or changed; those that were made run.' }
    const handler = new ServiceFunction(this, 'ApiFunction', {
      source: 'functions/tasks/api.lambda.ts',
      environment: apiEnvironment,
      variables: { INBOX: this.deployment.capabilities.inbox ? 'on' : 'off' },
      memoryMb: 512,
      monitoring,
    })
    this.#table.grantReadWrite(handler, 'TASKS_TABLE')
    hints.grantSend(handler, 'HINTS_QUEUE_URL')
    grantKit(handler, { state: this.#table })
    const api = new ServiceApi(this, 'Api', { handler, monitoring })
    this.publish('ApiId', api.apiId)
    this.publish('ApiUrl', api.url)
  }
}

/** Task items that are in one of these statuses after the change. */
const filterOf = (statuses: readonly string[]) => ({
  dynamodb: {
    Keys: { pk: { S: [{ prefix: TASKS_PARTITION_PREFIX }] } },
    NewImage: { status: { S: [...statuses] } },
  },
})

/** An attempt of a task that another service asked for began. A heartbeat changes a task that runs already. */
const STARTED_BY_COMMAND = {
  dynamodb: {
    Keys: { pk: { S: [{ prefix: TASKS_PARTITION_PREFIX }] } },
    NewImage: { status: { S: ['running'] }, idempotencyKey: { S: [{ prefix: COMMAND_KEY_PREFIX }] } },
    OldImage: { status: { S: [{ 'anything-but': ['running'] }] } },
  },
}
