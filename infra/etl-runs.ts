/**
 * The state machine of a run: plan → convert → check the quality → commit → announce. What passes is tried again, by
 * name; what is the file's fault, or stays, ends in `fail-run`, which tells the run's owner. Every step may be repeated.
 */
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib'
import { Grant } from 'aws-cdk-lib/aws-iam'
import type { CfnFunction, IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { DefinitionBody, LogLevel, StateMachine, Succeed } from 'aws-cdk-lib/aws-stepfunctions'
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks'
import { Construct } from 'constructs'
import {
  announceEnvironment,
  checkQualityEnvironment,
  commitEnvironment,
  convertEnvironment,
  failRunEnvironment,
  planEnvironment,
} from '../functions/etl/environment.ts'
import { addAlarms, type Monitoring } from './constructs/monitoring.ts'
import type { NativeLayer } from './constructs/native-layer.ts'
import { acknowledge } from './constructs/policies.ts'
import type { ServiceBucket } from './constructs/service-bucket.ts'
import { ServiceFunction, type ServiceFunctionProps } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import type { ServiceTable } from './constructs/service-table.ts'

/** One vCPU; more would not help, DuckDB runs in one or two threads and the network is the limit. */
export const DUCKDB_FUNCTION_MEMORY_MB = 1_769
/** DuckDB goes up to 450 MB above what it is given (measured), and Node needs 100 MB. */
export const DUCKDB_MEMORY_MB = 1_000

/** What Lambda lets at most: 2 GB of gzip at 62 MB/s and 4 GB of text at 150 MB/s take about a minute, twice over. */
const CONVERT_TIMEOUT = Duration.minutes(15)
/** Lambda's most: 4 GB of text, a fifth of it as Parquet, and what DuckDB spills. */
const CONVERT_STORAGE = Size.gibibytes(10)
/** Twelve tries of a commit that others are ahead of, with a manifest to read and to write each. */
const COMMIT_TIMEOUT = Duration.seconds(60)
const RUN_TIMEOUT = Duration.hours(2)
const ALARM_PERIOD = Duration.minutes(5)

/** A worker that died, a service that throttles or is away, others who kept publishing. */
const PASSING = [
  'DependencyUnavailable',
  'Contended',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Sandbox.Timedout',
  'States.Timeout',
]
/** 1, 2, 4, 8 and 16 s: half a minute for an outage, and a crash is followed by a new worker within a second. */
const RETRIES = { interval: Duration.seconds(1), backoffRate: 2, maxAttempts: 5 }

export interface EtlRunsProps {
  readonly table: ServiceTable
  readonly landing: ServiceBucket
  readonly lake: ServiceBucket
  readonly duckDb: NativeLayer
}

export class EtlRuns extends Construct {
  readonly #machine: StateMachine
  readonly #invoked: IFunction[] = []

  constructor(scope: Construct, id: string, props: EtlRunsProps) {
    super(scope, id)
    const stack = ServiceStack.of(this)
    const monitoring = { impact: 'Files that landed are not published.' }
    const failed = this.#step('FailRun', this.#failRun(props, monitoring).lambda).next(new Succeed(this, 'Ended'))
    const steps = this.#functions(props, monitoring).map(([name, fn]) => this.#step(name, fn))
    for (const step of steps) step.addCatch(failed, { errors: ['States.ALL'], resultPath: '$.error' })
    const [first] = steps
    if (!first) throw new Error('expected a run to have steps, got none')
    const published = new Succeed(this, 'Published')
    for (const [index, step] of steps.entries()) step.next(steps[index + 1] ?? published)
    const { xray, apiAccessLogs } = stack.deployment.capabilities
    this.#machine = new StateMachine(this, 'Machine', {
      stateMachineName: stack.nameFor('runs'),
      comment: 'A landed file on its way into its dataset',
      definitionBody: DefinitionBody.fromChainable(first),
      timeout: RUN_TIMEOUT,
      tracingEnabled: xray,
      ...(apiAccessLogs && { logs: { destination: this.#logs(), level: LogLevel.ALL } }),
    })
    this.#acknowledge()
    addAlarms(this, monitoring, [
      {
        name: 'etl-runs-failed',
        metric: this.#machine.metricFailed({ period: ALARM_PERIOD, statistic: 'Sum' }),
        threshold: 1,
      },
    ])
  }

  /** May start executions, and nothing else; sets `variable` to the state machine's ARN. */
  grantStart<Name extends string>(fn: ServiceFunction<Name>, variable: NoInfer<Name>): void {
    const { stateMachineArn } = this.#machine
    Grant.addToPrincipal({ grantee: fn, actions: ['states:StartExecution'], resourceArns: [stateMachineArn] })
    fn.setVariable(variable, stateMachineArn)
  }

  #step(name: string, lambdaFunction: IFunction): LambdaInvoke {
    this.#invoked.push(lambdaFunction)
    const step = new LambdaInvoke(this, name, {
      lambdaFunction,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
    })
    step.addRetry({ ...RETRIES, errors: PASSING })
    return step
  }

  #functions(props: EtlRunsProps, monitoring: Monitoring): ReadonlyArray<readonly [string, IFunction]> {
    return [
      ['Plan', this.#plan(props, monitoring).lambda],
      ['Convert', this.#convert(props, monitoring).lambda],
      ['CheckQuality', this.#checkQuality(props, monitoring).lambda],
      ['Commit', this.#commit(props, monitoring).lambda],
      ['Announce', this.#announce(props, monitoring).lambda],
    ]
  }

  #function<Name extends string>(
    id: string,
    name: string,
    props: Omit<ServiceFunctionProps<Name>, 'source'>,
  ): ServiceFunction<Name> {
    return new ServiceFunction(this, `${id}Function`, { ...props, source: `functions/etl/${name}.lambda.ts` })
  }

  #plan({ table, landing }: EtlRunsProps, monitoring: Monitoring) {
    const fn = this.#function('Plan', 'plan', { environment: planEnvironment, monitoring })
    table.grant(fn, 'ETL_TABLE', 'GetItem', 'UpdateItem')
    landing.grant(fn, 'LANDING_BUCKET', 'GetObject')
    return fn
  }

  #convert({ table, landing, lake, duckDb }: EtlRunsProps, monitoring: Monitoring) {
    const fn = this.#function('Convert', 'convert', {
      environment: convertEnvironment,
      variables: { DUCKDB_MEMORY_MB: String(DUCKDB_MEMORY_MB) },
      memoryMb: DUCKDB_FUNCTION_MEMORY_MB,
      timeout: CONVERT_TIMEOUT,
      temporaryStorage: CONVERT_STORAGE,
      native: duckDb,
      monitoring,
    })
    table.grant(fn, 'ETL_TABLE', 'GetItem')
    landing.grant(fn, 'LANDING_BUCKET', 'GetObject')
    lake.grant(fn, 'LAKE_BUCKET', 'GetObject', 'PutObject')
    return fn
  }

  #checkQuality({ table, lake }: EtlRunsProps, monitoring: Monitoring) {
    const fn = this.#function('CheckQuality', 'check-quality', { environment: checkQualityEnvironment, monitoring })
    table.grant(fn, 'ETL_TABLE', 'GetItem')
    lake.grant(fn, 'LAKE_BUCKET', 'GetObject')
    return fn
  }

  #commit({ table, lake }: EtlRunsProps, monitoring: Monitoring) {
    const fn = this.#function('Commit', 'commit', {
      environment: commitEnvironment,
      memoryMb: 512,
      timeout: COMMIT_TIMEOUT,
      monitoring,
    })
    table.grant(fn, 'ETL_TABLE', 'GetItem', 'PutItem', 'UpdateItem')
    lake.grant(fn, 'LAKE_BUCKET', 'GetObject', 'PutObject')
    return fn
  }

  #announce({ table }: EtlRunsProps, monitoring: Monitoring) {
    const fn = this.#function('Announce', 'announce', { environment: announceEnvironment, monitoring })
    table.grant(fn, 'ETL_TABLE', 'GetItem', 'UpdateItem')
    return fn
  }

  #failRun({ table, lake }: EtlRunsProps, monitoring: Monitoring) {
    const fn = this.#function('FailRun', 'fail-run', { environment: failRunEnvironment, monitoring })
    table.grant(fn, 'ETL_TABLE', 'GetItem', 'UpdateItem')
    lake.grant(fn, 'LAKE_BUCKET', 'GetObject')
    return fn
  }

  #logs(): LogGroup {
    const { deployment } = ServiceStack.of(this)
    return new LogGroup(this, 'Logs', {
      // Step Functions wants this prefix, or its resource policy outgrows its limit.
      logGroupName: `/aws/vendedlogs/states/${ServiceStack.of(this).nameFor('runs')}`,
      retention: deployment.logRetentionDays,
      removalPolicy: deployment.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
  }

  #acknowledge(): void {
    const stack = ServiceStack.of(this)
    const { xray, apiAccessLogs } = stack.deployment.capabilities
    for (const fn of this.#invoked)
      acknowledge(
        this.#machine,
        `AwsSolutions-IAM5[Resource::<${stack.getLogicalId(fn.node.defaultChild as CfnFunction)}.Arn>:*]`,
        'Versions of the one function.',
      )
    if (xray || apiAccessLogs)
      acknowledge(
        this.#machine,
        'AwsSolutions-IAM5[Resource::*]',
        'Log delivery and X-Ray have no resources that a policy could name.',
      )
    if (!apiAccessLogs) acknowledge(this.#machine, 'AwsSolutions-SF1', 'LocalStack writes no execution logs.')
    if (!xray) acknowledge(this.#machine, 'AwsSolutions-SF2', 'LocalStack keeps no traces.')
  }
}
