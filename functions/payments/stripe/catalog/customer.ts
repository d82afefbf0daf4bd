/** Customers: whom payments are from (https://docs.stripe.com/api/customers). Pure. */
import { epochSeconds } from '#core/clock.ts'
import type { StoredObject } from '../../objects/objects.ts'
import type { Metadata } from '../parameters.ts'

export interface Address {
  readonly line1: string | null
  readonly line2: string | null
  readonly city: string | null
  readonly state: string | null
  readonly postal_code: string | null
  readonly country: string | null
}

export interface Customer extends StoredObject<'customer'> {
  readonly name: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly description: string | null
  readonly address: Address | null
  readonly metadata: Metadata
  /** RFC 3339. Stays as a name of what payments refer to, but is in no list any more. */
  readonly deletedAt: string | null
}

export function customerBody(customer: Customer): Readonly<Record<string, unknown>> {
  const { id, name, email, phone, description, address, metadata, createdAt, deletedAt } = customer
  if (deletedAt !== null) return { id, object: 'customer', deleted: true }
  return {
    id,
    object: 'customer',
    address,
    balance: 0,
    created: epochSeconds(new Date(createdAt)),
    currency: null,
    default_source: null,
    delinquent: false,
    description,
    discount: null,
    email,
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata,
    name,
    phone,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  }
}
