/**
 * A function that reads a table's stream: the transactional outbox. Records of one key arrive in order; a failed
 * record holds its shard until it is handled or given up, and is then described in a dead-letter queue.
 */
import { Duration } from 'aws-cdk-lib'
import { StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Construct } from 'constructs'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import { addAlarms, type Monitoring } from './monitoring.ts'
import { acknowledge } from './policies.ts'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'
import type { ServiceTable } from './service-table.ts'

const BATCH_SIZE = 100
/** With Lambda's backoff this is about an hour, well below the 24 hours that a stream keeps its records. */
const RETRIES = 10
const MAX_RECORD_AGE = Duration.hours(12)
/** Consumers of the bus expect news within minutes. */
const AGE_ALARM = Duration.minutes(5)
const ALARM_PERIOD = Duration.minutes(1)
const AGE_ALARM_PERIODS = 3

export interface StreamConsumerProps<Name extends string> {
  readonly table: ServiceTable
  readonly consumer: ServiceFunction<Name>
  /** Lambda filter patterns; a record that matches any of them is delivered. @default every record */
  readonly filters?: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly monitoring: Monitoring
}

export class StreamConsumer<Name extends string = string> extends Construct {
  constructor(scope: Construct, id: string, props: StreamConsumerProps<Name>) {
    super(scope, id)
    const { consumer } = props
    const { service } = ServiceStack.of(this)
    const name = consumer.shortName.slice(service.length + 1)
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', { name, monitoring: props.monitoring })
    acknowledge(
      deadLetters,
      'AwsSolutions-SQS3',
      'It is a dead-letter queue itself; the rule knows those of queues only.',
    )
    consumer.lambda.addEventSource(
      new DynamoEventSource(props.table.table, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: BATCH_SIZE,
        retryAttempts: RETRIES,
        maxRecordAge: MAX_RECORD_AGE,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(deadLetters.queue),
        filters: props.filters?.map((pattern) => ({ pattern: JSON.stringify(pattern) })),
      }),
    )
    acknowledge(consumer, 'AwsSolutions-IAM5[Resource::*]', 'dynamodb:ListStreams has no resource to be limited to.')
    addAlarms(this, props.monitoring, [
      {
        name: `${consumer.shortName}-iterator-age`,
        metric: consumer.lambda.metric('IteratorAge', { period: ALARM_PERIOD, statistic: 'Maximum' }),
        threshold: AGE_ALARM.toMilliseconds(),
        periods: AGE_ALARM_PERIODS,
      },
    ])
  }
}
