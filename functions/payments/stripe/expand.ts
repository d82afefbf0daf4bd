/**
 * `expand[]`: ids in an answer become the objects that they name (https://docs.stripe.com/api/expanding_objects). What
 * this request just changed is shown as it will be, because the answer is kept with the change. Pure but for `load`.
 */
import * as z from 'zod'
import { invalidRequest } from './stripe-error.ts'

export type Body = Readonly<Record<string, unknown>>

/** Stripe's limits: four levels below the answer. */
const MAX_LEVELS = 4
const MAX_PATHS = 20

export const expandParameter = z
  .array(z.string().min(1))
  .max(MAX_PATHS)
  .optional()
  .meta({ description: 'Which ids in the answer become the objects that they name: `expand[]=customer`.' })

/** Which fields of which object can be asked for: an id's object, or a part that is only shown on request. */
const EXPANDABLE: Readonly<Record<string, Readonly<Record<string, 'object' | 'part'>>>> = {
  price: { product: 'object' },
  product: { default_price: 'object' },
  payment_intent: { customer: 'object', latest_charge: 'object' },
  charge: { customer: 'object', payment_intent: 'object', refunds: 'part' },
  refund: { charge: 'object', payment_intent: 'object' },
  'checkout.session': { customer: 'object', payment_intent: 'object', line_items: 'part' },
}

export interface Expansions {
  /** Undefined for one that is gone. */
  object(id: string): Promise<Body | undefined>
  part(of: Body, name: string): Promise<unknown>
}

/** Throws 400 for a path that leads nowhere. */
export async function expanded(body: Body, paths: readonly string[], load: Expansions): Promise<Body> {
  let result = body
  for (const [index, path] of paths.entries()) {
    const names = path.split('.')
    if (names.length - (names[0] === 'data' ? 1 : 0) > MAX_LEVELS)
      throw invalidRequest(`You cannot expand more than ${MAX_LEVELS} levels of a property. Property: ${path}`, {
        param: `expand[${index}]`,
      })
    result = (await along(result, names, load, () => cannot(path, index))) as Body
  }
  return result
}

const cannot = (path: string, index: number) =>
  invalidRequest(`This property cannot be expanded (${path}).`, { param: `expand[${index}]` })

async function along(
  value: unknown,
  names: readonly string[],
  load: Expansions,
  refuse: () => Error,
): Promise<unknown> {
  const [name, ...rest] = names
  if (name === undefined) return value
  if (Array.isArray(value)) return Promise.all(value.map((each) => along(each, names, load, refuse)))
  if (!isBody(value)) {
    // Nothing there to look into: an optional reference that this object lacks.
    if (value === null) return value
    throw refuse()
  }
  if (value['object'] === 'list') {
    if (name !== 'data') throw refuse()
    return { ...value, data: await along(value['data'], rest, load, refuse) }
  }
  const kind = EXPANDABLE[String(value['object'])]?.[name]
  if (kind === undefined) {
    // A step through what is there whole: `line_items` of an answer, a price within a line.
    if (rest.length === 0 || !isBody(value[name])) throw refuse()
    return { ...value, [name]: await along(value[name], rest, load, refuse) }
  }
  const found = await shown(value, name, kind, load)
  return { ...value, [name]: await along(found, rest, load, refuse) }
}

async function shown(value: Body, name: string, kind: 'object' | 'part', load: Expansions): Promise<unknown> {
  const now = value[name]
  if (kind === 'part') return isBody(now) ? now : load.part(value, name)
  return typeof now === 'string' ? ((await load.object(now)) ?? now) : now
}

const isBody = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)
