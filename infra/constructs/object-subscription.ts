/** New objects of a bucket that a function hears: a rule on the account's default bus, with retries and a dead-letter queue. */
import { Duration } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Monitoring } from './monitoring.ts'
import type { ServiceBucket } from './service-bucket.ts'
import type { ServiceFunction } from './service-function.ts'
import { Subscription } from './subscription.ts'

/** An event is all that tells of a file, so it is tried for as long as Lambda keeps it. */
const MAX_EVENT_AGE = Duration.hours(6)

export interface ObjectSubscriptionProps<Name extends string> {
  /** Made with `announcesObjects`. */
  readonly bucket: ServiceBucket
  readonly consumer: ServiceFunction<Name>
  readonly monitoring: Monitoring
}

export class ObjectSubscription<Name extends string = string> extends Subscription<Name> {
  constructor(scope: Construct, id: string, { bucket, consumer, monitoring }: ObjectSubscriptionProps<Name>) {
    super(scope, id, {
      consumer,
      monitoring,
      heard: `New objects of ${bucket.name}`,
      pattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [bucket.bucketName] } },
      },
      maxEventAge: MAX_EVENT_AGE,
    })
  }
}
