/** Where messages, records and events wait that could not be handled. Anything in it is somebody's work to do. */
import { Duration } from 'aws-cdk-lib'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { addAlarms, type Monitoring } from './monitoring.ts'
import { ServiceStack } from './service-stack.ts'

/** SQS's maximum: time to notice, repair and redrive. */
const RETENTION = Duration.days(14)
const ALARM_PERIOD = Duration.minutes(1)

export interface DeadLetterQueueProps {
  /** What failed: `clicks` → `backlot-links-clicks-dlq`. */
  readonly name: string
  readonly monitoring: Monitoring
}

export class DeadLetterQueue extends Construct {
  readonly queue: Queue

  constructor(scope: Construct, id: string, { name, monitoring }: DeadLetterQueueProps) {
    super(scope, id)
    const stack = ServiceStack.of(this)
    this.queue = new Queue(this, 'Queue', {
      queueName: stack.nameFor(name, 'dlq'),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
    })
    addAlarms(this, monitoring, [
      {
        name: `${stack.service}-${name}-dlq-depth`,
        metric: this.queue.metricApproximateNumberOfMessagesVisible({ period: ALARM_PERIOD, statistic: 'Maximum' }),
        threshold: 1,
      },
    ])
  }
}
