/** Events of the product's own bus that a function hears, with retries and a dead-letter queue. */
import { Duration } from 'aws-cdk-lib'
import { EventBus } from 'aws-cdk-lib/aws-events'
import type { Construct } from 'constructs'
import { platformNames } from '../environments.ts'
import type { Monitoring } from './monitoring.ts'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'
import { Subscription } from './subscription.ts'

/** A fault that outlasts an hour needs a person. */
const MAX_EVENT_AGE = Duration.hours(1)

export interface BusSubscriptionProps<Name extends string> {
  /** The publishing service: `links` hears `backlot.links`. */
  readonly from: string
  /** Past tense, as its schema in `functions/<service>/events.ts` is called: `LinkDeleted`. */
  readonly detailTypes: readonly string[]
  /** A pattern that the event's `data` has to fit as well. @default any */
  readonly data?: Readonly<Record<string, unknown>>
  readonly consumer: ServiceFunction<Name>
  readonly monitoring: Monitoring
}

export class BusSubscription<Name extends string = string> extends Subscription<Name> {
  constructor(scope: Construct, id: string, props: BusSubscriptionProps<Name>) {
    const { from, detailTypes, data, consumer, monitoring } = props
    super(scope, id, {
      consumer,
      monitoring,
      heard: `${detailTypes.join(', ')} of ${from}`,
      bus: EventBus.fromEventBusName(scope, `${id}Bus`, platformNames(ServiceStack.of(scope).deployment).bus),
      pattern: { source: [`backlot.${from}`], detailType: [...detailTypes], ...(data && { detail: { data } }) },
      maxEventAge: MAX_EVENT_AGE,
    })
  }
}
