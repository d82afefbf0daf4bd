/** What `expand[]` loads: objects by their ids, and parts that an answer leaves out. */
import type { Changes } from '../changes/changes.ts'
import type { Session } from '../checkout/session.ts'
import type { Charge } from '../intents/intent.ts'
import type { StoredObject } from '../objects/objects.ts'
import { ID_PREFIXES, type ObjectKind } from '../payments-keys.ts'
import type { Body, Expansions } from './expand.ts'
import type { StripeServices } from './stripe-services.ts'
import { bodyOf, lineItemsOf, refundsOf } from './views.ts'

const KINDS = Object.entries(ID_PREFIXES) as readonly (readonly [ObjectKind, string])[]

const kindOf = (id: string): ObjectKind | undefined => KINDS.find(([, prefix]) => id.startsWith(`${prefix}_`))?.[0]

/** What `changes` holds goes before what the table has. */
export function expansionsOf(workspaceId: string, { objects }: StripeServices, changes: Changes): Expansions {
  const find = async (id: string): Promise<StoredObject | undefined> => {
    const kind = kindOf(id)
    if (kind === undefined) return undefined
    return changes.find(id) ?? objects.get(kind, workspaceId, id)
  }
  return {
    async object(id) {
      const found = await find(id)
      return found === undefined ? undefined : bodyOf(found)
    },
    async part(of: Body, name: string) {
      const found = await find(String(of['id']))
      if (found?.kind === 'checkout.session' && name === 'line_items') return lineItemsOf(found as Session)
      if (found?.kind === 'charge' && name === 'refunds') return refundsOf(found as Charge, objects)
      return null
    },
  }
}
