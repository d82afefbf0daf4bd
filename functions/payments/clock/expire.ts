/**
 * The end of what nobody finished in time: an open checkout session, an authorisation that was not captured. Loaded, decided
 * and committed as any other change, again when others were faster: who pays or captures first has won.
 */
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { ChangesStore } from '../changes/changes.store.ts'
import type { Operation } from '../changes/operation.ts'
import { loadCheckout } from '../checkout/checkout.store.ts'
import { isOver } from '../checkout/session.ts'
import { expireSession } from '../checkout/session-operations.ts'
import type { Charge } from '../intents/intent.ts'
import { expireAuthorisation } from '../intents/operations.ts'
import { loadPayment } from '../intents/payments.store.ts'
import type { ObjectsStore } from '../objects/objects.store.ts'
import type { DueEntry } from '../payments-keys.ts'
import type { Fired } from './tick.ts'

export interface ExpireServices {
  readonly objects: ObjectsStore
  readonly changes: Pick<ChangesStore, 'settle'>
  readonly ids: Ids
  readonly random: Random
  readonly traceparent: string
}

const NOTHING: Fired = {}

type Ref = Pick<DueEntry, 'workspaceId' | 'id'>

const operationOf = ({ ids, random, traceparent }: ExpireServices, now: Date): Omit<Operation, 'changes'> => ({
  ids,
  random,
  cause: { now, requestId: null, idempotencyKey: null, traceparent },
})

/** With `checkout.session.expired`; an intent that was begun is cancelled, and the order closed. */
export const expireDueSession = ({ workspaceId, id }: Ref, services: ExpireServices, now: Date): Promise<Fired> =>
  services.changes.settle(async (changes) => {
    const checkout = await loadCheckout(services.objects, workspaceId, id)
    if (checkout === undefined || !isOver(checkout.session, now)) return NOTHING
    expireSession({ ...operationOf(services, now), changes }, checkout)
    return { expiredSessions: 1 }
  })

/** With `charge.expired` and `payment_intent.canceled`, reason `automatic`; what was held is released, the order closed. */
export const expireDueAuthorisation = ({ workspaceId, id }: Ref, services: ExpireServices, now: Date): Promise<Fired> =>
  services.changes.settle(async (changes) => {
    const { objects } = services
    const charge = await objects.get<Charge>('charge', workspaceId, id)
    const payment = charge && (await loadPayment(objects, workspaceId, charge.intentId))
    if (payment === undefined) return NOTHING
    const outcome = expireAuthorisation({ ...operationOf(services, now), changes }, payment)
    return outcome.ok ? { expiredAuthorisations: 1 } : NOTHING
  })
