/** Events of Stripe about made-up payments, and what they come to: a model that shares no code with the product. */

export interface SentEvent {
  readonly id: string
  readonly object: 'event'
  readonly type: string
  readonly livemode: false
  readonly created: number
  readonly data: { readonly object: object }
}

export interface ExpectedOrder {
  readonly captured: number
  readonly refunded: number
  readonly status: string
}

const PAYMENT_TYPES = 7

/** One payment in seven forms; `n` decides how much of its story is told, so that some lose their beginning. */
function story(payment: string, n: number): readonly { readonly type: string; readonly object: object }[] {
  const amount = 1_000 + 37 * n
  const intent = {
    id: payment,
    object: 'payment_intent',
    amount,
    currency: 'usd',
    amount_received: 0,
    amount_capturable: 0,
  }
  const charge = {
    id: `ch_${payment}`,
    object: 'charge',
    payment_intent: payment,
    amount,
    currency: 'usd',
    captured: true,
  }
  const captured = n % 3 === 0 ? amount - 100 : amount
  const told = {
    created: { type: 'payment_intent.created', object: intent },
    authorized: { type: 'payment_intent.amount_capturable_updated', object: { ...intent, amount_capturable: amount } },
    succeeded: { type: 'payment_intent.succeeded', object: { ...intent, amount_received: captured } },
    charged: { type: 'charge.captured', object: { ...charge, amount_captured: captured, amount_refunded: 0 } },
    refundedPart: { type: 'charge.refunded', object: { ...charge, amount_captured: captured, amount_refunded: 300 } },
    refundedMore: {
      type: 'charge.refunded',
      object: { ...charge, amount_captured: captured, amount_refunded: 450 + n },
    },
    refundedAll: {
      type: 'charge.refunded',
      object: { ...charge, amount_captured: captured, amount_refunded: captured },
    },
    canceled: { type: 'payment_intent.canceled', object: intent },
    other: { type: 'customer.updated', object: { id: 'cus_1', object: 'customer' } },
  }
  const { created, authorized, succeeded, charged, refundedPart, refundedMore, refundedAll, canceled, other } = told
  const forms = [
    [created, succeeded],
    [created, authorized, succeeded, charged],
    [created, authorized, succeeded, charged, refundedPart, refundedMore],
    [refundedPart, refundedMore, refundedAll],
    [succeeded, refundedPart, other],
    [created, authorized, canceled],
    [created, charged, refundedMore, other],
  ]
  return forms[n % PAYMENT_TYPES] ?? []
}

/** `count` events with ids that nobody has. */
export function paymentEvents(count: number, run: string): readonly SentEvent[] {
  const events: SentEvent[] = []
  for (let n = 0; events.length < count; n += 1)
    for (const { type, object } of story(`pi_${run}_${n}`, n)) {
      const id = `evt_${run}_${events.length}`
      events.push({ id, object: 'event', type, livemode: false, created: 1_700_000_000, data: { object } })
    }
  return events.slice(0, count)
}

interface Amounts {
  readonly id?: string
  readonly payment_intent?: string
  readonly amount_received?: number
  readonly amount_captured?: number
  readonly amount_refunded?: number
}

/** By payment: the largest amounts that any event tells. */
export function expectedOrders(events: readonly SentEvent[]): ReadonlyMap<string, ExpectedOrder> {
  const orders = new Map<string, { captured: number; refunded: number; canceled: boolean }>()
  for (const { type, data } of events) {
    if (type === 'customer.updated') continue
    const amounts: Amounts = data.object
    const payment = amounts.payment_intent ?? amounts.id ?? ''
    const order = orders.get(payment) ?? { captured: 0, refunded: 0, canceled: false }
    order.captured = Math.max(order.captured, amounts.amount_received ?? 0, amounts.amount_captured ?? 0)
    order.refunded = Math.max(order.refunded, amounts.amount_refunded ?? 0)
    order.canceled ||= type === 'payment_intent.canceled'
    orders.set(payment, order)
  }
  return new Map(
    [...orders].map(([payment, { captured, refunded, canceled }]) => [
      payment,
      { captured, refunded, status: statusOf(captured, refunded, canceled) },
    ]),
  )
}

function statusOf(captured: number, refunded: number, canceled: boolean): string {
  if (captured === 0) return canceled ? 'canceled' : 'open'
  if (refunded === 0) return 'paid'
  return refunded < captured ? 'partially_refunded' : 'refunded'
}

/** Fisher and Yates. */
export function shuffled<T>(items: readonly T[]): readonly T[] {
  const all = [...items]
  for (let last = all.length - 1; last > 0; last -= 1) {
    const chosen = Math.floor(Math.random() * (last + 1))
    const [a, b] = [all[last], all[chosen]]
    if (a !== undefined && b !== undefined) [all[last], all[chosen]] = [b, a]
  }
  return all
}
