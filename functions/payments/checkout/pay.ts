/** A try to pay on the hosted page, and the answer to the bank: load, decide, commit; again when others were faster. */
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { ChangesStore } from '../changes/changes.store.ts'
import { TornReadError } from '../changes/changes.ts'
import type { Operation } from '../changes/operation.ts'
import type { Cause } from '../changes/stripe-event.ts'
import type { Intent, PaymentError } from '../intents/intent.ts'
import { authenticateIntent } from '../intents/operations.ts'
import { loadPayment } from '../intents/payments.store.ts'
import type { ObjectsStore } from '../objects/objects.store.ts'
import { loadCheckout } from './checkout.store.ts'
import type { AuthenticationPage, PageAddresses, SessionPage } from './page-address.ts'
import { isOver, type Session } from './session.ts'
import { type CardEntry, expireSession, followIntent, payCheckout } from './session-operations.ts'

export interface PayServices {
  readonly objects: ObjectsStore
  readonly changes: ChangesStore
  readonly pages: PageAddresses
  readonly ids: Ids
  readonly random: Random
}

export type Paying =
  | { readonly kind: 'unknown' }
  /** Complete or expired, by this try or before it. */
  | { readonly kind: 'ended'; readonly session: Session }
  /** The bank wants an answer there. */
  | { readonly kind: 'asked'; readonly url: string }
  | { readonly kind: 'declined'; readonly session: Session; readonly error: PaymentError }

export type Payer = Omit<CardEntry, 'nextActionOf'>

/** Pays at most once, however often the form is sent: the second try meets a session that is complete. */
export const pay = (services: PayServices, page: SessionPage, payer: Payer, cause: Cause): Promise<Paying> =>
  services.changes.settle(async (changes) => {
    const { objects, pages, ids, random } = services
    const operation: Operation = { changes, ids, random, cause }
    const checkout = await loadCheckout(objects, page.workspaceId, page.sessionId)
    if (checkout === undefined) return { kind: 'unknown' }
    const { session } = checkout
    if (isOver(session, cause.now)) return { kind: 'ended', session: expireSession(operation, checkout) }
    if (session.status !== 'open') return { kind: 'ended', session }
    const nextActionOf = async (intentId: string) => ({
      url: await pages.ofAuthentication({ workspaceId: page.workspaceId, intentId }),
      returnUrl: session.url,
    })
    const outcome = await payCheckout(operation, checkout, { ...payer, nextActionOf })
    // An open session has an intent that can be paid: one that was read after another try had ended it has not.
    if (!outcome.ok) throw new TornReadError(`expected ${session.id} to be payable: ${outcome.message}`)
    return payingOf(changes.latest(session), outcome.intent)
  })

function payingOf(session: Session, { nextAction, lastError }: Intent): Paying {
  if (nextAction !== null) return { kind: 'asked', url: nextAction.url }
  if (lastError !== null) return { kind: 'declined', session, error: lastError }
  return { kind: 'ended', session }
}

export type Answering =
  /** No question waits at this address. `session` when it was one of a checkout, which knows how it ended. */
  | { readonly kind: 'no_question'; readonly session: Session | undefined }
  /** `intent` as it was asked, for where to go; `session` when it has a page to go back to. */
  | {
      readonly kind: 'answered'
      readonly succeeded: boolean
      readonly intent: Intent
      readonly session: Session | undefined
    }

/** The address of a question is answered once: the next question has another one. */
export const answerBank = (
  services: PayServices,
  page: AuthenticationPage & { readonly url: string },
  approved: boolean,
  cause: Cause,
): Promise<Answering> =>
  services.changes.settle(async (changes) => {
    const { objects, ids, random } = services
    const operation: Operation = { changes, ids, random, cause }
    const payment = await loadPayment(objects, page.workspaceId, page.intentId)
    if (payment === undefined) return { kind: 'no_question', session: undefined }
    const { intent } = payment
    const session = await sessionOf(intent, objects)
    const isOpen = session === undefined || session.status === 'open'
    if (!isOpen || !isAsked(intent, page.url)) return { kind: 'no_question', session }
    // Who answers after the session's time is over has paid nothing.
    const inTime = session === undefined || !isOver(session, cause.now)
    const outcome = authenticateIntent(operation, payment, approved && inTime)
    if (!outcome.ok) throw new Error(`expected ${intent.id} to wait for its bank: ${outcome.message}`)
    if (session !== undefined) followIntent(operation, session, outcome.intent)
    return { kind: 'answered', succeeded: outcome.intent.lastError === null, intent, session }
  })

/** Whether the bank waits for an answer at this address. */
export const isAsked = ({ status, nextAction }: Intent, url: string): boolean =>
  status === 'requires_action' && nextAction?.url === url

/** The checkout session that the intent was made by. */
export const sessionOf = async (
  { sessionId, workspaceId }: Intent,
  objects: ObjectsStore,
): Promise<Session | undefined> =>
  sessionId === null ? undefined : objects.get<Session>('checkout.session', workspaceId, sessionId)
