/** Checkout sessions in Stripe's shape. Pure. */
import { epochSeconds } from '#core/clock.ts'
import type { Session, SessionLine } from './session.ts'

const seconds = (at: string): number => epochSeconds(new Date(at))

export const sessionBody = (session: Session) => ({
  id: session.id,
  object: 'checkout.session' as const,
  after_expiration: null,
  allow_promotion_codes: null,
  amount_subtotal: session.amount,
  amount_total: session.amount,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  billing_address_collection: null,
  cancel_url: session.cancelUrl,
  client_reference_id: session.clientReferenceId,
  client_secret: null,
  consent: null,
  created: seconds(session.createdAt),
  currency: session.currency,
  custom_fields: [],
  customer: session.customer,
  customer_creation: 'if_required',
  customer_details: detailsOf(session),
  customer_email: session.customerEmail,
  expires_at: seconds(session.expiresAt),
  invoice: null,
  livemode: false,
  locale: null,
  metadata: session.metadata,
  mode: 'payment',
  payment_intent: session.intentId,
  payment_link: null,
  payment_method_collection: 'if_required',
  payment_method_types: ['card'],
  payment_status: session.paymentStatus,
  recovered_from: null,
  setup_intent: null,
  shipping_options: [],
  status: session.status,
  submit_type: session.submitType,
  subscription: null,
  success_url: session.successUrl,
  total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
  ui_mode: 'hosted_page',
  url: session.status === 'open' ? session.url : null,
})

function detailsOf({ paidBy, customerEmail }: Session) {
  const email = paidBy?.email ?? customerEmail
  if (email === null) return null
  return { address: null, email, name: paidBy?.name ?? null, phone: null, tax_exempt: 'none', tax_ids: [] }
}

export const lineBody = (line: SessionLine, currency: string) => ({
  id: line.id,
  object: 'item' as const,
  amount_discount: 0,
  amount_subtotal: line.amount,
  amount_tax: 0,
  amount_total: line.amount,
  currency,
  description: line.description,
  price: line.price,
  quantity: line.quantity,
})
