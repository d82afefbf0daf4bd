/**
 * A Lambda function made from one `*.lambda.ts`: Node 24 on arm64, its own log group and role, and an environment
 * that is declared once, beside the code. A grant gives the permission and sets the variable; the synth fails when
 * a declared variable was left out or one that is not declared was set.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { Duration, RemovalPolicy, type Size } from 'aws-cdk-lib'
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import type { EnvironmentDefinition } from '../../layers/core/environment.ts'
import { bundleFolder, type FunctionSource, functionSource, sourceExists } from '../sources.ts'
import { addAlarms, type Monitoring } from './monitoring.ts'
import type { NativeLayer } from './native-layer.ts'
import { acknowledge } from './policies.ts'
import { ServiceStack } from './service-stack.ts'

/** A seventh of a CPU; the functions wait for the network most of their time. */
const DEFAULT_MEMORY_MB = 256
const DEFAULT_TIMEOUT = Duration.seconds(10)

/** Not the handler's: stack traces then name the source, for about 1 ms at the redirect's cold start, 8 at an API's. */
export const RUNTIME_VARIABLES = { NODE_OPTIONS: '--enable-source-maps' } as const

/** LocalStack's name for "the code is this folder of the machine": its documented hot-reload bucket. */
const HOT_RELOAD_BUCKET = 'hot-reload'

/** Above this share of its timeout, a call is about to be cut off. */
const DURATION_ALARM_SHARE = 0.8
const ALARM_PERIOD = Duration.minutes(5)

export interface ServiceFunctionProps<Name extends string> {
  /** Path from the checkout: `functions/links/api.lambda.ts`. Gives the name, and is the description. */
  readonly source: string
  /** The variables that the handler reads; each must be set, here or by a grant. */
  readonly environment: EnvironmentDefinition<Name>
  /** Variables that no grant sets. */
  readonly variables?: Readonly<Partial<Record<Name, string>>>
  /** @default 256 MB */
  readonly memoryMb?: number
  /** @default 10 seconds */
  readonly timeout?: Duration
  /** Native modules that the bundle requires. @default none */
  readonly native?: NativeLayer
  /** Of `/tmp`. @default 512 MB */
  readonly temporaryStorage?: Size
  readonly monitoring: Monitoring
}

/** A function that grants can be given to, whatever its variables are called. */
export interface ServiceFunctionTarget<Name extends string> extends IGrantable {
  setVariable(name: Name, value: string): void
}

export class ServiceFunction<Name extends string = string> extends Construct implements ServiceFunctionTarget<Name> {
  readonly lambda: LambdaFunction
  readonly timeout: Duration
  readonly grantPrincipal: IPrincipal
  /** `links-api`: the function's part of alarm, rule and queue names. */
  readonly shortName: string
  readonly #declared: EnvironmentDefinition<Name>
  readonly #set = new Map<string, string>()

  constructor(scope: Construct, id: string, props: ServiceFunctionProps<Name>) {
    super(scope, id)
    const stack = ServiceStack.of(this)
    const source = functionSource(props.source)
    if (!sourceExists(source, stack.root))
      throw new Error(`expected the source of a function at ${props.source}, got none`)
    if (source.service !== stack.service)
      throw new Error(`expected a function of the service ${stack.service} in this stack, got ${props.source}`)

    this.#declared = props.environment
    this.timeout = props.timeout ?? DEFAULT_TIMEOUT
    this.shortName = `${source.service}-${source.name}`
    const role = this.#role()
    this.grantPrincipal = role
    const functionName = `${stack.deployment.prefix}-${this.shortName}`
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description: props.source,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: this.#code(source, props.native),
      handler: 'index.handler',
      memorySize: props.memoryMb ?? DEFAULT_MEMORY_MB,
      timeout: this.timeout,
      environment: RUNTIME_VARIABLES,
      layers: props.native?.layer && [props.native.layer],
      ephemeralStorageSize: props.temporaryStorage,
      role,
      tracing: stack.deployment.capabilities.xray ? Tracing.ACTIVE : Tracing.DISABLED,
    })
    // Lambda writes to the group of this name; it must not come first and make one without retention.
    this.lambda.node.addDependency(this.#logGroup(functionName, role))
    for (const [name, value] of Object.entries<string | undefined>(props.variables ?? {}))
      if (value !== undefined) this.setVariable(name as Name, value)
    this.node.addValidation({ validate: () => this.#missingVariables() })
    this.#addAlarms(props.monitoring)
  }

  /** Sets a declared variable, once. @throws for an undeclared one, or for a second, different value. */
  setVariable(name: Name, value: string): void {
    if (!this.#declared.names.includes(name))
      throw new Error(
        `expected a variable that ${this.lambda.node.path} declares (${this.#declared.names.join(', ')}), got ${name}`,
      )
    const before = this.#set.get(name)
    if (before !== undefined && before !== value)
      throw new Error(`expected ${name} of ${this.lambda.node.path} to be set once, got ${before} and ${value}`)
    this.#set.set(name, value)
    this.lambda.addEnvironment(name, value)
  }

  #missingVariables(): string[] {
    return this.#declared.names
      .filter((name) => !this.#set.has(name))
      .map((name) => `expected the variable ${name}, which the function declares, to be set by a grant or by variables`)
  }

  #role(): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    if (ServiceStack.of(this).deployment.capabilities.xray)
      acknowledge(role, 'AwsSolutions-IAM5[Resource::*]', 'X-Ray has no resources that a policy could name.')
    return role
  }

  #logGroup(functionName: string, role: Role): LogGroup {
    const { deployment } = ServiceStack.of(this)
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: deployment.logRetentionDays,
      removalPolicy: deployment.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    logGroup.grantWrite(role)
    return logGroup
  }

  #code(source: FunctionSource, native: NativeLayer | undefined): Code {
    const folder = bundleFolder(source, ServiceStack.of(this).root)
    if (!existsSync(path.join(folder, 'index.mjs')))
      throw new Error(`expected the bundle of ${source.source} in ${folder}, got none: call bundleFunctions() first`)
    if (native !== undefined && native.layer === undefined) return native.codeWith(folder)
    if (!this.node.tryGetContext('backlot:hotReload')) return Code.fromAsset(folder)
    return Code.fromBucketV2(Bucket.fromBucketName(this, 'HotReload', HOT_RELOAD_BUCKET), folder)
  }

  #addAlarms(monitoring: Monitoring): void {
    const errors = this.lambda.metricErrors({ period: ALARM_PERIOD })
    const throttles = this.lambda.metricThrottles({ period: ALARM_PERIOD })
    const duration = this.lambda.metricDuration({ period: ALARM_PERIOD, statistic: 'Maximum' })
    addAlarms(this, monitoring, [
      { name: `${this.shortName}-errors`, metric: errors, threshold: 1 },
      { name: `${this.shortName}-throttles`, metric: throttles, threshold: 1 },
      {
        name: `${this.shortName}-duration`,
        metric: duration,
        threshold: this.timeout.toMilliseconds() * DURATION_ALARM_SHARE,
        periods: 3,
      },
    ])
  }
}
