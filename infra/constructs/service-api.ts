/**
 * A service's REST API: every path and method goes to one function, which routes, authenticates, validates and limits
 * (`layers/core`). The gateway only throttles, logs and traces.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import {
  AccessLogFormat,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RestApi,
  type StageOptions,
} from 'aws-cdk-lib/aws-apigateway'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { KIT_VARIABLES } from '../../layers/core/kit-environment.ts'
import { addProblemResponses } from './gateway-responses.ts'
import { addAlarms, type Monitoring } from './monitoring.ts'
import { grantAccessRead, grantKitSecret } from './platform-access.ts'
import { acknowledge } from './policies.ts'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'
import type { ServiceTable } from './service-table.ts'

export const STAGE = 'live'

/** Protects the account's quota of 10 000 requests a second from one service; rate limits per key are the kit's. */
const THROTTLE_RATE_PER_SECOND = 500
const THROTTLE_BURST = 1_000
const ALARM_PERIOD = Duration.minutes(5)
const SERVER_ERRORS_ALARM = 1
/** p99 of the whole request; a person notices a second. */
const LATENCY_ALARM_MS = 1_000
const LATENCY_ALARM_PERIODS = 3

type KitVariable = (typeof KIT_VARIABLES)[number]

export interface ServiceApiProps<Name extends string> {
  /** The API's part of its name: `redirect` → `backlot-links-redirect`. @default the service's name */
  readonly name?: string
  readonly handler: ServiceFunction<Name>
  /**
   * Bodies reach the handler as the bytes that came, in base64; else the gateway reads them as text, and what is no text is
   * lost. @default false
   */
  readonly binaryBodies?: boolean
  readonly monitoring: Monitoring
}

export class ServiceApi<Name extends string = string> extends Construct {
  readonly apiId: string
  readonly url: string

  constructor(scope: Construct, id: string, props: ServiceApiProps<Name>) {
    super(scope, id)
    const stack = ServiceStack.of(this)
    const { capabilities } = stack.deployment
    const parts = props.name === undefined ? [] : [props.name]
    const apiName = stack.nameFor(...parts)
    const api = new RestApi(this, 'Api', {
      restApiName: apiName,
      description: props.handler.lambda.functionName,
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      ...(props.binaryBodies === true && { binaryMediaTypes: ['*/*'] }),
      deployOptions: this.#stage(apiName),
    })
    // One permission for the whole API instead of one for each method and stage.
    const integration = new LambdaIntegration(props.handler.lambda, { scopePermissionToMethod: false })
    api.root.addMethod('ANY', integration)
    api.root.addProxy({ anyMethod: true, defaultIntegration: integration })
    api.node.tryRemoveChild('Endpoint')
    if (capabilities.gatewayResponses) addProblemResponses(api)
    acknowledgeKit(api)

    this.apiId = api.restApiId
    this.url = api.url
    const alarm = [stack.service, ...parts, 'gateway'].join('-')
    addAlarms(this, props.monitoring, [
      {
        name: `${alarm}-5xx`,
        metric: api.deploymentStage.metricServerError({ period: ALARM_PERIOD, statistic: 'Sum' }),
        threshold: SERVER_ERRORS_ALARM,
      },
      {
        name: `${alarm}-latency`,
        metric: api.deploymentStage.metricLatency({ period: ALARM_PERIOD, statistic: 'p99' }),
        threshold: LATENCY_ALARM_MS,
        periods: LATENCY_ALARM_PERIODS,
      },
    ])
  }

  #stage(apiName: string): StageOptions {
    const { capabilities, keepsData, logRetentionDays } = ServiceStack.of(this).deployment
    const stage: StageOptions = {
      stageName: STAGE,
      throttlingRateLimit: THROTTLE_RATE_PER_SECOND,
      throttlingBurstLimit: THROTTLE_BURST,
      tracingEnabled: capabilities.xray,
    }
    if (!capabilities.apiAccessLogs) return stage
    const logGroup = new LogGroup(this, 'AccessLogs', {
      logGroupName: `/aws/apigateway/${apiName}`,
      retention: logRetentionDays,
      removalPolicy: keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    return {
      ...stage,
      loggingLevel: MethodLoggingLevel.ERROR,
      dataTraceEnabled: false,
      accessLogDestination: new LogGroupLogDestination(logGroup),
      accessLogFormat: AccessLogFormat.jsonWithStandardFields(),
    }
  }
}

/** Gives an HTTP function what its kit needs: keys and workspaces, the secret, and its own table for limits and replays. */
export function grantKit<Name extends string>(
  handler: ServiceFunction<Name | KitVariable>,
  { state }: { readonly state: ServiceTable },
): void {
  const kit: ServiceFunction<KitVariable> = handler as unknown as ServiceFunction<KitVariable>
  grantAccessRead(kit, 'ACCESS_TABLE')
  grantKitSecret(kit, 'KIT_SECRET_ID')
  state.grantReadWrite(kit, 'STATE_TABLE')
  kit.setVariable('PUBLIC_ORIGIN', ServiceStack.of(handler).deployment.publicOrigin)
}

function acknowledgeKit(api: RestApi): void {
  const kit = 'The function kit does this in one place for every route, on every target.'
  acknowledge(api, 'AwsSolutions-APIG2', `Validation: ${kit}`)
  acknowledge(api, 'AwsSolutions-APIG4', `Authentication and permissions: ${kit}`)
  acknowledge(
    api,
    'AwsSolutions-COG4',
    'Callers have API keys; LocalStack community has neither Cognito nor authorizers.',
  )
  acknowledge(
    api,
    'AwsSolutions-APIG3',
    'Rate limits are per key in the kit; a web ACL belongs to the edge and costs per month.',
  )
  const { apiAccessLogs } = ServiceStack.of(api).deployment.capabilities
  if (apiAccessLogs) return
  acknowledge(api, 'AwsSolutions-APIG1', 'LocalStack writes no access logs; every function logs one line per request.')
  acknowledge(api, 'AwsSolutions-APIG6', 'LocalStack writes no execution logs.')
}
