/** What customers and Stripe's clients meet of payments: `/v1/*` and the hosted pages `/pay/*`, each an API of its own. */
import { checkoutEnvironment, stripeEnvironment } from '../functions/payments/environment.ts'
import { grantKit, ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import type { ServiceStack } from './constructs/service-stack.ts'
import type { ServiceTable } from './constructs/service-table.ts'

/** A third of a CPU: forms and their schemas are checked before anything is written. */
const MEMORY_MB = 512

export function addStripe(stack: ServiceStack, table: ServiceTable): void {
  const monitoring = { impact: 'Applications can not make or change payments; pages that customers have open work.' }
  const handler = new ServiceFunction(stack, 'StripeFunction', {
    source: 'functions/payments/stripe.lambda.ts',
    environment: stripeEnvironment,
    variables: { ALLOW_LOOPBACK: stack.deployment.capabilities.loopbackRequests ? 'on' : 'off' },
    memoryMb: MEMORY_MB,
    monitoring,
  })
  table.grantReadWrite(handler, 'PAYMENTS_TABLE')
  grantKit(handler, { state: table })
  const api = new ServiceApi(stack, 'StripeApi', { name: 'stripe', handler, monitoring })
  stack.publish('StripeApiId', api.apiId)
  stack.publish('StripeApiUrl', api.url)
}

export function addCheckout(stack: ServiceStack, table: ServiceTable): void {
  const monitoring = { impact: 'Customers can not pay on hosted pages, or answer their banks.' }
  const handler = new ServiceFunction(stack, 'CheckoutFunction', {
    source: 'functions/payments/checkout.lambda.ts',
    environment: checkoutEnvironment,
    memoryMb: MEMORY_MB,
    monitoring,
  })
  table.grantReadWrite(handler, 'PAYMENTS_TABLE')
  grantKit(handler, { state: table })
  const api = new ServiceApi(stack, 'CheckoutApi', { name: 'checkout', handler, monitoring })
  stack.publish('CheckoutApiId', api.apiId)
  stack.publish('CheckoutApiUrl', api.url)
}
