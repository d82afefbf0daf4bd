/**
 * Events of the bus that a function hears. Two things can fail, and both end in one dead-letter queue: the bus can't
 * hand the event to Lambda (the rule's retries), or the function fails with it (Lambda's own retries).
 */
import { Duration } from 'aws-cdk-lib'
import { EventBus, Rule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { Construct } from 'constructs'
import { platformNames } from '../environments.ts'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import type { Monitoring } from './monitoring.ts'
import { acknowledge } from './policies.ts'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** Lambda's maximum for asynchronous calls: after one and two more minutes. */
const FUNCTION_RETRIES = 2
/** EventBridge's own maximum of tries is 185 in 24 hours; a fault that outlasts an hour needs a person. */
const DELIVERY_RETRIES = 30
const MAX_EVENT_AGE = Duration.hours(1)

export interface BusSubscriptionProps<Name extends string> {
  /** The publishing service: `links` hears `backlot.links`. */
  readonly from: string
  /** Past tense, as its schema in `functions/<service>/events.ts` is called: `LinkDeleted`. */
  readonly detailTypes: readonly string[]
  readonly consumer: ServiceFunction<Name>
  readonly monitoring: Monitoring
}

export class BusSubscription<Name extends string = string> extends Construct {
  constructor(scope: Construct, id: string, props: BusSubscriptionProps<Name>) {
    super(scope, id)
    const { consumer } = props
    const stack = ServiceStack.of(this)
    const name = consumer.shortName.slice(stack.service.length + 1)
    const deadLetters = new DeadLetterQueue(this, 'DeadLetters', { name, monitoring: props.monitoring })
    acknowledge(
      deadLetters,
      'AwsSolutions-SQS3',
      'It is a dead-letter queue itself; the rule knows those of queues only.',
    )
    consumer.lambda.configureAsyncInvoke({
      onFailure: new SqsDestination(deadLetters.queue),
      retryAttempts: FUNCTION_RETRIES,
      maxEventAge: MAX_EVENT_AGE,
    })
    new Rule(this, 'Rule', {
      ruleName: stack.nameFor(name),
      description: `${props.detailTypes.join(', ')} of ${props.from} to ${name}`,
      eventBus: EventBus.fromEventBusName(this, 'Bus', platformNames(stack.deployment).bus),
      eventPattern: { source: [`backlot.${props.from}`], detailType: [...props.detailTypes] },
      targets: [
        new LambdaFunction(consumer.lambda, {
          deadLetterQueue: deadLetters.queue,
          retryAttempts: DELIVERY_RETRIES,
          maxEventAge: MAX_EVENT_AGE,
        }),
      ],
    })
  }
}
