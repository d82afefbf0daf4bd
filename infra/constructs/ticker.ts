/** Invokes a function every minute: the clock that all targets have. */
import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import type { ServiceFunction } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

const INTERVAL = Duration.minutes(1)

export interface TickerProps<Name extends string> {
  readonly target: ServiceFunction<Name>
}

export class Ticker<Name extends string = string> extends Construct {
  constructor(scope: Construct, id: string, { target }: TickerProps<Name>) {
    super(scope, id)
    const stack = ServiceStack.of(this)
    const name = target.shortName.slice(stack.service.length + 1)
    new Rule(this, 'Rule', {
      ruleName: stack.nameFor(name),
      description: `${name} every minute`,
      schedule: Schedule.rate(INTERVAL),
      // A tick that failed is made up for by the next one.
      targets: [new LambdaFunction(target.lambda, { retryAttempts: 0, maxEventAge: INTERVAL })],
    })
  }
}
