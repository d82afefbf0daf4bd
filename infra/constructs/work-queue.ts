/**
 * A queue with one consumer and a dead-letter queue. A failed message is tried again, alone; after the last try it
 * waits in the dead-letter queue, which alarms, until somebody sends it back (docs/operations.md).
 */
import { Duration } from 'aws-cdk-lib'
import { EventBus, Rule } from 'aws-cdk-lib/aws-events'
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets'
import { Grant } from 'aws-cdk-lib/aws-iam'
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { platformNames } from '../environments.ts'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import { addAlarms, type Monitoring } from './monitoring.ts'
import type { ServiceFunction, ServiceFunctionTarget } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig */
const VISIBILITY_PER_TIMEOUT = 6
/** The same page: at least 5, so that throttled calls do not use up the tries. */
const DEFAULT_MAX_RECEIVES = 5
const DEFAULT_BATCH_SIZE = 10
const MAIN_RETENTION = Duration.days(4)
const DEFAULT_AGE_ALARM = Duration.minutes(5)
const ALARM_PERIOD = Duration.minutes(1)
const AGE_ALARM_PERIODS = 3

export interface WorkQueueProps<Name extends string> {
  /** The queue's part of the name: `clicks` → `backlot-links-clicks` and `backlot-links-clicks-dlq`. */
  readonly name: string
  readonly consumer: ServiceFunction<Name>
  /** Messages in one call, at most 10 unless a batching window is given. @default 10 */
  readonly batchSize?: number
  /** How long a batch may wait to fill up. @default a batch goes out at once */
  readonly batchingWindow?: Duration
  /** Tries before a message goes to the dead-letter queue. @default 5 */
  readonly maxReceives?: number
  /** The oldest message may be this old before somebody is told. @default 5 minutes */
  readonly maxAge?: Duration
  readonly monitoring: Monitoring
}

export class WorkQueue<Name extends string = string> extends Construct {
  readonly #queue: Queue
  readonly #name: string

  constructor(scope: Construct, id: string, props: WorkQueueProps<Name>) {
    super(scope, id)
    const stack = ServiceStack.of(this)
    this.#name = props.name
    const window = props.batchingWindow ?? Duration.seconds(0)
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', { name: props.name, monitoring: props.monitoring })
    this.#queue = new Queue(this, 'Queue', {
      queueName: stack.nameFor(props.name),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: MAIN_RETENTION,
      visibilityTimeout: Duration.seconds(props.consumer.timeout.toSeconds() * VISIBILITY_PER_TIMEOUT).plus(window),
      deadLetterQueue: { queue: deadLetters.queue, maxReceiveCount: props.maxReceives ?? DEFAULT_MAX_RECEIVES },
    })
    props.consumer.lambda.addEventSource(
      new SqsEventSource(this.#queue, {
        batchSize: props.batchSize ?? DEFAULT_BATCH_SIZE,
        maxBatchingWindow: props.batchingWindow,
        reportBatchItemFailures: true,
      }),
    )
    addAlarms(this, props.monitoring, [
      {
        name: `${stack.service}-${props.name}-age`,
        metric: this.#queue.metricApproximateAgeOfOldestMessage({ period: ALARM_PERIOD }),
        threshold: (props.maxAge ?? DEFAULT_AGE_ALARM).toSeconds(),
        periods: AGE_ALARM_PERIODS,
      },
    ])
  }

  /** Lets events of the bus wait in this queue: the message is EventBridge's frame with the event as its `detail`. */
  hear(from: string, detailTypes: readonly string[]): void {
    const stack = ServiceStack.of(this)
    new Rule(this, 'Rule', {
      ruleName: stack.nameFor(this.#name),
      description: `${detailTypes.join(', ')} of ${from} to the queue ${this.#name}`,
      eventBus: EventBus.fromEventBusName(this, 'Bus', platformNames(stack.deployment).bus),
      eventPattern: { source: [`backlot.${from}`], detailType: [...detailTypes] },
      targets: [new SqsQueue(this.#queue)],
    })
  }

  /** May send, and nothing else; sets `variable` to the queue's URL. */
  grantSend<Sender extends string>(fn: ServiceFunctionTarget<Sender>, variable: NoInfer<Sender>): void {
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['sqs:SendMessage'],
      resourceArns: [this.#queue.queueArn],
    })
    fn.setVariable(variable, this.#queue.queueUrl)
  }
}
