/** The clock of payments: a tick every minute that ends what nobody finished in time, and looks after endpoints that fail. */
import { Duration } from 'aws-cdk-lib'
import { tickEnvironment } from '../functions/payments/environment.ts'
import { grantAccessRead } from './constructs/platform-access.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import type { ServiceStack } from './constructs/service-stack.ts'
import type { ServiceTable } from './constructs/service-table.ts'
import { grantEnqueueTask } from './constructs/task-commands.ts'
import { Ticker } from './constructs/ticker.ts'

/** Until the next tick, which goes on where this one had no time left. */
const TIMEOUT = Duration.minutes(1)
/** Thirty transactions at once. */
const MEMORY_MB = 512

export function addClock(stack: ServiceStack, table: ServiceTable): void {
  const ticker = new ServiceFunction(stack, 'Tick', {
    source: 'functions/payments/tick.lambda.ts',
    environment: tickEnvironment,
    memoryMb: MEMORY_MB,
    timeout: TIMEOUT,
    monitoring: { impact: 'Checkout sessions and authorisations end late; nobody can pay or capture them meanwhile.' },
  })
  table.grant(ticker, 'PAYMENTS_TABLE', 'GetItem', 'Query', 'PutItem')
  grantAccessRead(ticker, 'ACCESS_TABLE')
  grantEnqueueTask(ticker, 'TASK_COMMANDS_QUEUE_URL')
  new Ticker(stack, 'EveryMinute', { target: ticker })
}
