/** Files to a lake that answers SQL: an API, a landing bucket, the state machine of a run, the lake, the query function. */
import { type App, Duration, Size } from 'aws-cdk-lib'
import type { CfnFunction, IFunction } from 'aws-cdk-lib/aws-lambda'
import {
  apiEnvironment,
  landClicksEnvironment,
  publishEventsEnvironment,
  queryEnvironment,
  startRunEnvironment,
} from '../functions/etl/environment.ts'
import { NativeLayer } from './constructs/native-layer.ts'
import { ObjectSubscription } from './constructs/object-subscription.ts'
import { grantPublish } from './constructs/platform-access.ts'
import { acknowledge } from './constructs/policies.ts'
import { grantKit, ServiceApi } from './constructs/service-api.ts'
import { ServiceBucket } from './constructs/service-bucket.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import { ServiceTable } from './constructs/service-table.ts'
import { StreamConsumer } from './constructs/stream-consumer.ts'
import { WorkQueue } from './constructs/work-queue.ts'
import type { Environment } from './environments.ts'
import { DUCKDB_FUNCTION_MEMORY_MB, DUCKDB_MEMORY_MB, EtlRuns } from './etl-runs.ts'
import { DUCKDB } from './native-modules.ts'

/** Above the query's own limit of 20 s, so that it is told and not cut off. */
const QUERY_TIMEOUT = Duration.seconds(26)
const API_TIMEOUT = Duration.seconds(29)
/** 512 MB of a query, 1 GB of kept files, 1 GB of spilled data. */
const QUERY_STORAGE = Size.gibibytes(3)
/** Of at most 10 clicks and about 10 kB each; Lambda takes 6 MB of messages at once. */
const CLICK_EVENTS_PER_FILE = 400
/** Landed files are read within minutes; a run that failed can be started again by its object for a month. */
const LANDED_FILES_KEPT = Duration.days(30)

export class Etl extends ServiceStack {
  constructor(app: App, environment: Environment) {
    super(app, 'Etl', { environment, description: 'Backlot: files to a lake that answers SQL' })
    const table = new ServiceTable(this, 'Table')
    const landing = new ServiceBucket(this, 'Landing', {
      name: 'landing',
      announcesObjects: true,
      expireAfter: LANDED_FILES_KEPT,
    })
    const lake = new ServiceBucket(this, 'Lake', { name: 'lake' })
    const duckDb = new NativeLayer(this, 'DuckDb', DUCKDB)
    const query = this.#query(table, lake, duckDb)
    this.#api(table, landing, lake, query.lambda)
    const runs = new EtlRuns(this, 'Runs', { table, landing, lake, duckDb })
    this.#landing(table, landing, runs)
    this.#clicks(landing)
    this.#events(table)
    this.publish('LandingBucket', landing.bucketName)
    this.publish('LakeBucket', lake.bucketName)
  }

  #query(table: ServiceTable, lake: ServiceBucket, native: NativeLayer) {
    const query = new ServiceFunction(this, 'Query', {
      source: 'functions/etl/query.lambda.ts',
      environment: queryEnvironment,
      variables: { DUCKDB_MEMORY_MB: String(DUCKDB_MEMORY_MB) },
      memoryMb: DUCKDB_FUNCTION_MEMORY_MB,
      timeout: QUERY_TIMEOUT,
      temporaryStorage: QUERY_STORAGE,
      native,
      monitoring: { impact: 'Queries are not answered.' },
    })
    // A built-in dataset is written when it is first asked for.
    table.grant(query, 'ETL_TABLE', 'GetItem', 'PutItem')
    lake.grant(query, 'LAKE_BUCKET', 'GetObject')
    return query
  }

  #api(table: ServiceTable, landing: ServiceBucket, lake: ServiceBucket, query: IFunction): void {
    const monitoring = { impact: 'Datasets, uploads, runs and queries can not be reached.' }
    const handler = new ServiceFunction(this, 'ApiFunction', {
      source: 'functions/etl/api.lambda.ts',
      environment: apiEnvironment,
      memoryMb: 512,
      timeout: API_TIMEOUT,
      monitoring,
    })
    table.grantReadWrite(handler, 'ETL_TABLE')
    landing.grant(handler, 'LANDING_BUCKET', 'PutObject')
    lake.grant(handler, 'LAKE_BUCKET', 'GetObject')
    query.grantInvoke(handler)
    acknowledge(
      handler,
      `AwsSolutions-IAM5[Resource::<${this.getLogicalId(query.node.defaultChild as CfnFunction)}.Arn>:*]`,
      'Versions of the one function.',
    )
    handler.setVariable('QUERY_FUNCTION', query.functionName)
    grantKit(handler, { state: table })
    const api = new ServiceApi(this, 'Api', { handler, monitoring })
    this.publish('ApiId', api.apiId)
    this.publish('ApiUrl', api.url)
  }

  #landing(table: ServiceTable, landing: ServiceBucket, runs: EtlRuns): void {
    const monitoring = { impact: 'Files that landed are not read.' }
    const starter = new ServiceFunction(this, 'StartRun', {
      source: 'functions/etl/start-run.lambda.ts',
      environment: startRunEnvironment,
      monitoring,
    })
    table.grant(starter, 'ETL_TABLE', 'GetItem', 'PutItem', 'UpdateItem')
    runs.grantStart(starter, 'RUNS_MACHINE')
    new ObjectSubscription(this, 'Landed', { bucket: landing, consumer: starter, monitoring })
  }

  /** Clicks of links become a file for each workspace and window. */
  #clicks(landing: ServiceBucket): void {
    const monitoring = { impact: 'Clicks are seen in queries late.' }
    const consumer = new ServiceFunction(this, 'LandClicks', {
      source: 'functions/etl/land-clicks.lambda.ts',
      environment: landClicksEnvironment,
      monitoring,
    })
    landing.grant(consumer, 'LANDING_BUCKET', 'PutObject')
    const queue = new WorkQueue(this, 'Clicks', {
      name: 'clicks',
      consumer,
      batchSize: CLICK_EVENTS_PER_FILE,
      batchingWindow: Duration.seconds(this.deployment.fileWindowSeconds),
      monitoring,
    })
    queue.hear('links', ['ClicksRecorded'])
  }

  #events(table: ServiceTable): void {
    const monitoring = { impact: 'Other services hear of published runs late.' }
    const publisher = new ServiceFunction(this, 'PublishEvents', {
      source: 'functions/etl/publish-events.lambda.ts',
      environment: publishEventsEnvironment,
      monitoring,
    })
    grantPublish(publisher, 'EVENT_BUS')
    new StreamConsumer(this, 'Changes', {
      table,
      consumer: publisher,
      // Only runs have a status; claims, datasets and the kit's items are nobody else's business.
      filters: [{ dynamodb: { NewImage: { status: { S: [{ exists: true }] } } } }],
      monitoring,
    })
  }
}
