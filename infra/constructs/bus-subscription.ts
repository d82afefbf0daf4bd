/** Events of the bus that a function hears: a rule with retries and a dead-letter queue. */
import { Duration } from 'aws-cdk-lib'
import { EventBus, Rule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import { platformNames } from '../environments.ts'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import type { Monitoring } from './monitoring.ts'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** EventBridge's own maximum of tries is 185 in 24 hours; a fault that outlasts an hour needs a person. */
const RETRIES = 30
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
    new Rule(this, 'Rule', {
      ruleName: stack.nameFor(name),
      description: `${props.detailTypes.join(', ')} of ${props.from} to ${name}`,
      eventBus: EventBus.fromEventBusName(this, 'Bus', platformNames(stack.deployment).bus),
      eventPattern: { source: [`backlot.${props.from}`], detailType: [...props.detailTypes] },
      targets: [
        new LambdaFunction(consumer.lambda, {
          deadLetterQueue: deadLetters.queue,
          retryAttempts: RETRIES,
          maxEventAge: MAX_EVENT_AGE,
        }),
      ],
    })
  }
}
