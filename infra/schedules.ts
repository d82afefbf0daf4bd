/** The clock: an API to make schedules, a tick that finds what is due, and what happens when it is. */
import { type App, Duration } from 'aws-cdk-lib'
import {
  apiEnvironment,
  fireEnvironment,
  publishEventsEnvironment,
  recordTasksEnvironment,
  startTasksEnvironment,
  tickEnvironment,
} from '../functions/schedules/environment.ts'
import { COMMAND_PREFIX, HEARD } from '../functions/schedules/runs/task-told.ts'
import { RUNS_PARTITION_PREFIX } from '../functions/schedules/schedule-keys.ts'
import { BusSubscription } from './constructs/bus-subscription.ts'
import type { Monitoring } from './constructs/monitoring.ts'
import { grantPublish } from './constructs/platform-access.ts'
import { grantKit, ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import { ServiceTable } from './constructs/service-table.ts'
import { StreamConsumer } from './constructs/stream-consumer.ts'
import { grantEnqueueTask } from './constructs/task-commands.ts'
import { Ticker } from './constructs/ticker.ts'
import { WorkQueue } from './constructs/work-queue.ts'
import type { Environment } from './environments.ts'

/** A shard's 5,000 hints are 500 calls, eight shards at a time; the next tick would do the same again. */
const TICK_TIMEOUT = Duration.minutes(1)
/** Ten transactions at a time, and cron arithmetic, which is CPU. */
const FIRE_MEMORY_MB = 512

export class Schedules extends ServiceStack {
  readonly #table: ServiceTable

  constructor(app: App, environment: Environment) {
    super(app, 'Schedules', { environment, description: 'Backlot: schedules' })
    this.#table = new ServiceTable(this, 'Table')
    const due = this.#due()
    this.#tick(due)
    this.#stream()
    this.#tasks()
    this.#api(due)
  }

  #due(): WorkQueue {
    const monitoring = { impact: 'Schedules run late.' }
    const consumer = new ServiceFunction(this, 'Fire', {
      source: 'functions/schedules/fire.lambda.ts',
      environment: fireEnvironment,
      memoryMb: FIRE_MEMORY_MB,
      monitoring,
    })
    this.#table.grant(consumer, 'SCHEDULES_TABLE', 'GetItem', 'PutItem', 'DeleteItem')
    const due = new WorkQueue(this, 'Due', { name: 'due', consumer, monitoring })
    due.grantSend(consumer, 'DUE_QUEUE_URL')
    return due
  }

  #tick(due: WorkQueue): void {
    const ticker = new ServiceFunction(this, 'Tick', {
      source: 'functions/schedules/tick.lambda.ts',
      environment: tickEnvironment,
      timeout: TICK_TIMEOUT,
      monitoring: { impact: 'Schedules run late, or are caught up by their policy.' },
    })
    this.#table.grant(ticker, 'SCHEDULES_TABLE', 'Query', 'PutItem')
    due.grantSend(ticker, 'DUE_QUEUE_URL')
    new Ticker(this, 'EveryMinute', { target: ticker })
  }

  /** New runs only: that one was delivered, or grew too old, is news to nobody. */
  #stream(): void {
    const filters = [{ eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: RUNS_PARTITION_PREFIX }] } } } }]
    const starting: Monitoring = { impact: 'Tasks of schedules start late.' }
    const starter = new ServiceFunction(this, 'StartTasks', {
      source: 'functions/schedules/start-tasks.lambda.ts',
      environment: startTasksEnvironment,
      monitoring: starting,
    })
    this.#table.grant(starter, 'SCHEDULES_TABLE', 'UpdateItem')
    grantEnqueueTask(starter, 'TASK_COMMANDS_URL')
    new StreamConsumer(this, 'TaskRuns', { table: this.#table, consumer: starter, filters, monitoring: starting })

    const publishing: Monitoring = { impact: 'Other services hear late that schedules fired.' }
    const publisher = new ServiceFunction(this, 'PublishEvents', {
      source: 'functions/schedules/publish-events.lambda.ts',
      environment: publishEventsEnvironment,
      monitoring: publishing,
    })
    grantPublish(publisher, 'EVENT_BUS')
    new StreamConsumer(this, 'Runs', { table: this.#table, consumer: publisher, filters, monitoring: publishing })
  }

  /** Of all tasks only those that runs asked for: the rule knows them by the id of their command. */
  #tasks(): void {
    const monitoring = { impact: 'It is not seen what became of the tasks of schedules; they run.' }
    const recorder = new ServiceFunction(this, 'RecordTasks', {
      source: 'functions/schedules/record-tasks.lambda.ts',
      environment: recordTasksEnvironment,
      monitoring,
    })
    this.#table.grant(recorder, 'SCHEDULES_TABLE', 'GetItem', 'PutItem', 'UpdateItem')
    new BusSubscription(this, 'Tasks', {
      from: 'tasks',
      detailTypes: HEARD,
      data: { commandId: [{ prefix: COMMAND_PREFIX }] },
      consumer: recorder,
      monitoring,
    })
  }

  #api(due: WorkQueue): void {
    const monitoring = { impact: 'Schedules can not be made, read or changed; those that were made run.' }
    const handler = new ServiceFunction(this, 'ApiFunction', {
      source: 'functions/schedules/api.lambda.ts',
      environment: apiEnvironment,
      memoryMb: 512,
      monitoring,
    })
    this.#table.grantReadWrite(handler, 'SCHEDULES_TABLE')
    due.grantSend(handler, 'DUE_QUEUE_URL')
    grantKit(handler, { state: this.#table })
    const api = new ServiceApi(this, 'Api', { handler, monitoring })
    this.publish('ApiId', api.apiId)
    this.publish('ApiUrl', api.url)
  }
}
