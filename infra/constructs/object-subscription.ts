/** New objects of a bucket that a function hears: a rule on the account's default bus, with retries and a dead-letter queue. */
import { Duration } from 'aws-cdk-lib'
import { Rule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations'
import { Construct } from 'constructs'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import type { Monitoring } from './monitoring.ts'
import { acknowledge } from './policies.ts'
import type { ServiceBucket } from './service-bucket.ts'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** Lambda's most, of the function itself: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const FUNCTION_RETRIES = 2
/** Of the delivery. An event is all that tells of a file, so it is tried for as long as Lambda keeps it. */
const DELIVERY_RETRIES = 30
const MAX_EVENT_AGE = Duration.hours(6)

export interface ObjectSubscriptionProps<Name extends string> {
  /** Made with `announcesObjects`. */
  readonly bucket: ServiceBucket
  readonly consumer: ServiceFunction<Name>
  readonly monitoring: Monitoring
}

export class ObjectSubscription<Name extends string = string> extends Construct {
  constructor(scope: Construct, id: string, { bucket, consumer, monitoring }: ObjectSubscriptionProps<Name>) {
    super(scope, id)
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
      maxEventAge: MAX_EVENT_AGE,
    })
    new Rule(this, 'Rule', {
      ruleName: stack.nameFor(name),
      description: `New objects of ${bucket.name} to ${name}`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [bucket.bucketName] } },
      },
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
