/**
 * What `/v1` takes and answers, for the OpenAPI document: the parameters as they are checked, the objects as Stripe
 * describes them (https://docs.stripe.com/api). None of Backlot's problems: errors have Stripe's form.
 */
import * as z from 'zod'
import type { DescribedService } from '#core/openapi-document.ts'
import type { OperationExample } from '#core/route.ts'
import { expandParameter } from './expand.ts'
import { stripeRoutes } from './stripe-api.ts'
import type { StripeRoute } from './stripe-route.ts'

type Elsewhere = NonNullable<DescribedService['elsewhere']>[number]

const object = z
  .looseObject({
    id: z.string().optional().meta({ description: 'Lists and the balance have none.' }),
    object: z.string().meta({ description: 'What it is: `customer`, `payment_intent`, `list`, …' }),
  })
  .meta({ id: 'StripeObject', description: 'An object with the fields that Stripe’s API reference gives it.' })

const error = z
  .object({
    error: z.looseObject({
      type: z
        .string()
        .meta({ description: '`card_error`, `idempotency_error`, `invalid_request_error` or `api_error`.' }),
      message: z.string(),
      code: z.string().optional().meta({ description: 'One of Stripe’s error codes.' }),
      decline_code: z.string().optional().meta({ description: 'Why the card was declined.' }),
      param: z.string().optional().meta({ description: 'The parameter that is wrong: `line_items[0][price]`.' }),
      request_log_url: z.string().optional(),
    }),
  })
  .meta({ id: 'StripeError', description: 'An error in Stripe’s form.' })

/** By status: their name among the document's components, and what they say. */
const ERRORS: Readonly<Record<number, readonly [component: string, description: string]>> = {
  400: ['StripeInvalidRequest', 'A parameter is wrong, or the object is in no state for this.'],
  401: ['StripeNoKey', 'No valid key.'],
  402: ['StripeCardDeclined', 'The card was declined.'],
  403: ['StripeNotPermitted', 'The key may not do this.'],
  404: ['StripeNoSuchObject', 'There is no such object.'],
  409: ['StripeUnderWay', 'A request with this idempotency key is under way.'],
  429: ['StripeTooMany', 'Too many requests, or others change the same object.'],
  500: ['StripeApiError', 'Something went wrong on our side.'],
  503: ['StripeUnavailable', 'Try again in a moment.'],
}

/** Of a GET: nothing there is paid, or sent again under a key. */
const WRITES_ALONE = new Set([402, 409])

const answersOf = ({ method, shownOnce }: StripeRoute): Elsewhere['answers'] => ({
  200: {
    description: shownOnce === undefined ? 'The object.' : `The object; its \`${shownOnce}\` is shown this once.`,
    body: object,
  },
  ...Object.fromEntries(
    Object.entries(ERRORS)
      .filter(([status]) => method !== 'GET' || !WRITES_ALONE.has(Number(status)))
      .map(([status, [component, description]]) => [status, { component, description, body: error }]),
  ),
})

const ULID = '01KAK2V5B8Y3QK4M6T9X0ZCEGH'

/** Of the objects under a path. */
const EXAMPLE_IDS: Readonly<Record<string, string>> = {
  customers: `cus_${ULID}`,
  products: `prod_${ULID}`,
  prices: `price_${ULID}`,
  sessions: `cs_test_${ULID}`,
  payment_intents: `pi_${ULID}`,
  charges: `ch_${ULID}`,
  refunds: `re_${ULID}`,
  events: `evt_${ULID}`,
  webhook_endpoints: `we_${ULID}`,
}

/** Each path names one object at most, behind its kind. */
function pathParameters(path: string): z.ZodObject | undefined {
  const kind = /(?<kind>\w+)\/\{id\}/.exec(path)?.groups?.['kind']
  return kind === undefined ? undefined : z.object({ id: z.string().meta({ example: EXAMPLE_IDS[kind] }) })
}

const EXAMPLES: Readonly<Record<string, OperationExample>> = Object.fromEntries(
  Object.entries({
    stripeCreateCustomer: { name: 'Ada Lovelace', email: 'ada@example.com' },
    stripeUpdateCustomer: { metadata: { plan: 'gold' } },
    stripeCreateProduct: { name: 'Lantern' },
    stripeUpdateProduct: { active: 'false' },
    stripeCreatePrice: { product: EXAMPLE_IDS['products'], currency: 'eur', unit_amount: 1999 },
    stripeUpdatePrice: { nickname: 'Summer' },
    stripeCreateCheckoutSession: {
      mode: 'payment',
      line_items: [{ price: EXAMPLE_IDS['prices'], quantity: 1 }],
      success_url: 'https://example.com/thanks',
    },
    stripeCreatePaymentIntent: {
      ...{ amount: 1999, currency: 'eur', payment_method: 'pm_card_visa', confirm: 'true' },
      return_url: 'https://example.com/thanks',
    },
    stripeUpdatePaymentIntent: { description: 'Order 1001' },
    stripeConfirmPaymentIntent: { payment_method: 'pm_card_visa', return_url: 'https://example.com/thanks' },
    stripeCapturePaymentIntent: { amount_to_capture: 1500 },
    stripeCancelPaymentIntent: { cancellation_reason: 'requested_by_customer' },
    stripeCreateRefund: { payment_intent: EXAMPLE_IDS['payment_intents'], amount: 500 },
    stripeUpdateRefund: { metadata: { ticket: '4711' } },
    stripeCreateWebhookEndpoint: { url: 'https://example.com/hooks', enabled_events: ['payment_intent.succeeded'] },
    stripeUpdateWebhookEndpoint: { disabled: 'true' },
  }).map(([operationId, body]) => [operationId, { request: { body } }]),
)

function described(route: StripeRoute): Elsewhere {
  const { method, path, operationId, summary, permission } = route
  const params = pathParameters(path)
  const parameters = route.params.extend({ expand: expandParameter }).strict()
  return {
    ...{ method, path, operationId, summary, permission },
    ...(params !== undefined && { params }),
    ...(method === 'GET' ? { query: parameters } : { body: parameters, form: true as const }),
    answers: answersOf(route),
  }
}

export const stripeDescription: DescribedService = {
  service: 'stripe',
  title: 'Payments, by Stripe’s SDKs',
  description:
    'What Stripe’s own SDKs call, in test mode: form-encoded, with Stripe’s objects, errors, lists, `expand` and `Idempotency-Key`. ' +
    'Objects inside a parameter are written as `line_items[0][price]`. The key is an API key of the workspace.',
  routes: [],
  elsewhere: stripeRoutes.map(described),
  examples: EXAMPLES,
}
