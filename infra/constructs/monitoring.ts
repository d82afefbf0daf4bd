/**
 * Alarms. A construct takes `Monitoring` as a required prop: either the impact on users, which every alarm then
 * states, or the reason why nobody needs to be told. Each alarm has one heading in docs/operations.md.
 */
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import { platformNames } from '../environments.ts'
import { ServiceStack } from './service-stack.ts'

export type Monitoring =
  /** What users notice when this fails, as a sentence. */
  | { readonly impact: string }
  /** Why there are no alarms. */
  | { readonly unmonitored: string }

export interface ServiceAlarmProps {
  /** The alarm's name behind the prefix, and its heading in the runbook: `links-api-errors`. */
  readonly name: string
  readonly metric: IMetric
  /** Fires when the metric is at or above this. */
  readonly threshold: number
  /** Data points that have to be at or above the threshold. @default 1 */
  readonly periods?: number
}

/** Where every alarm has its heading. */
export const RUNBOOK = 'docs/operations.md'

/** Makes the alarms, unless monitoring is opted out of. They notify the platform's alarms topic, named by convention. */
export function addAlarms(scope: Construct, monitoring: Monitoring, alarms: readonly ServiceAlarmProps[]): void {
  if ('unmonitored' in monitoring) return
  const stack = ServiceStack.of(scope)
  if (!stack.deployment.capabilities.alarms) return
  const topic = Topic.fromTopicArn(
    scope,
    'AlarmsTopic',
    stack.formatArn({ service: 'sns', resource: platformNames(stack.deployment).alarmsTopic }),
  )
  for (const { name, metric, threshold, periods = 1 } of alarms) {
    const alarm = new Alarm(scope, `Alarm-${name}`, {
      alarmName: `${stack.deployment.prefix}-${name}`,
      alarmDescription: `${monitoring.impact} Runbook: ${RUNBOOK}#${name}`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // No traffic is no failure: these metrics are only there while something happens.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
    alarm.addAlarmAction(new SnsAction(topic))
  }
}
