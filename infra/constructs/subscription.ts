/**
 * Events of a bus that a function hears. Two things can fail, and both end in one dead-letter queue: the bus can't hand
 * the event to Lambda (the rule's retries), or the function fails with it (Lambda's own retries).
 */
import type { Duration } from 'aws-cdk-lib'
import { type EventPattern, type IEventBus, Rule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { Construct } from 'constructs'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import type { Monitoring } from './monitoring.ts'
import { acknowledge } from './policies.ts'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** Lambda's most, of the function itself: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const FUNCTION_RETRIES = 2
/** EventBridge's own maximum of tries is 185 in 24 hours; with its backoff 30 last for some hours. */
const DELIVERY_RETRIES = 30

export interface SubscriptionProps<Name extends string> {
  readonly consumer: ServiceFunction<Name>
  readonly monitoring: Monitoring
  readonly pattern: EventPattern
  /** What is heard, for the rule's description: `LinkDeleted of links`. */
  readonly heard: string
  /** @default the account's default bus */
  readonly bus?: IEventBus
  /** An event that nobody could handle for this long goes to the dead-letter queue. */
  readonly maxEventAge: Duration
}

/** `BusSubscription` and `ObjectSubscription` say what is heard, this how. */
export abstract class Subscription<Name extends string> extends Construct {
  constructor(scope: Construct, id: string, props: SubscriptionProps<Name>) {
    super(scope, id)
    const { consumer, monitoring, maxEventAge } = props
    const stack = ServiceStack.of(this)
    const name = consumer.shortName.slice(stack.service.length + 1)
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', { name, monitoring })
    acknowledge(
      deadLetters,
      'AwsSolutions-SQS3',
      'It is a dead-letter queue itself; the rule knows those of queues only.',
    )
    consumer.lambda.configureAsyncInvoke({
      onFailure: new SqsDestination(deadLetters.queue),
      retryAttempts: FUNCTION_RETRIES,
      maxEventAge,
    })
    const target = { deadLetterQueue: deadLetters.queue, retryAttempts: DELIVERY_RETRIES, maxEventAge }
    new Rule(this, 'Rule', {
      ruleName: stack.nameFor(name),
      description: `${props.heard} to ${name}`,
      ...(props.bus && { eventBus: props.bus }),
      eventPattern: props.pattern,
      targets: [new LambdaFunction(consumer.lambda, target)],
    })
  }
}
