/**
 * A function URL: the hot path's cheaper way in, beside the REST API. On AWS only CloudFront may call it, signed
 * (`edge-stack.ts` gives that permission); on LocalStack nothing signs, and it is open on loopback.
 */
import { Duration } from 'aws-cdk-lib'
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { addAlarms, type Monitoring } from './monitoring.ts'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

const ALARM_PERIOD = Duration.minutes(5)
/** p99, without CloudFront: a person who follows a link waits for this and the page behind it. */
const LATENCY_ALARM_MS = 500
const LATENCY_ALARM_PERIODS = 3

export interface ServiceUrlProps<Name extends string> {
  readonly handler: ServiceFunction<Name>
  readonly monitoring: Monitoring
}

export class ServiceUrl<Name extends string = string> extends Construct {
  readonly url: string

  constructor(scope: Construct, id: string, { handler, monitoring }: ServiceUrlProps<Name>) {
    super(scope, id)
    const { signedFunctionUrls } = ServiceStack.of(this).deployment.capabilities
    const authType = signedFunctionUrls ? FunctionUrlAuthType.AWS_IAM : FunctionUrlAuthType.NONE
    this.url = handler.lambda.addFunctionUrl({ authType }).url
    addAlarms(this, monitoring, [
      {
        name: `${handler.shortName}-url-5xx`,
        metric: handler.lambda.metric('Url5xxCount', { period: ALARM_PERIOD, statistic: 'Sum' }),
        threshold: 1,
      },
      {
        name: `${handler.shortName}-url-latency`,
        metric: handler.lambda.metric('UrlRequestLatency', { period: ALARM_PERIOD, statistic: 'p99' }),
        threshold: LATENCY_ALARM_MS,
        periods: LATENCY_ALARM_PERIODS,
      },
    ])
  }
}
