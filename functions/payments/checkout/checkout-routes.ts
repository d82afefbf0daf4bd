/** `/pay/…`: the hosted pages. Each form: ours? → not too often? → decide → store → page. GET changes nothing. */
import * as z from 'zod'
import type { InvocationLog } from '#core/log.ts'
import type { RenderedPage } from '#core/page.ts'
import type { RateLimiter } from '#core/rate-limit.ts'
import { routeOf } from '#core/route.ts'
import { isSameOrigin } from '#core/same-origin.ts'
import { formatTraceparent, type TraceContext } from '#core/trace.ts'
import type { Cause } from '../changes/stripe-event.ts'
import type { Intent } from '../intents/intent.ts'
import { answeredPage, bankPage, nothingToAnswerPage, returnAddress } from './authenticate-page.ts'
import { readCard } from './card-form.ts'
import { AUTHENTICATE_PATH, PAY_PATH } from './page-address.ts'
import { answerBank, isAsked, type PayServices, pay, sessionOf } from './pay.ts'
import { expiredPage, foreignFormPage, paidPage, payPage, tooManyPage, unknownPage } from './pay-page.ts'
import { type Session, sessionAt } from './session.ts'

export interface CheckoutServices extends PayServices {
  /** The name of a workspace. */
  readonly merchantOf: (workspaceId: string) => Promise<string>
  readonly limiter: RateLimiter
  readonly publicOrigin: string
}

const route = routeOf<CheckoutServices>()

const PAGE = { contentType: 'text/html; charset=utf-8', body: z.string() }

const PAGE_ANSWERS = {
  200: { description: 'A page.', ...PAGE },
  404: { description: 'A page: the address was never given out.', ...PAGE },
  410: { description: 'A page: the time is over, or the question was answered.', ...PAGE },
} as const

const FORM_ANSWERS = {
  ...PAGE_ANSWERS,
  303: { description: 'Done; the next page is elsewhere.', headers: { Location: 'The address of the next page.' } },
  400: { description: 'The page again: it says what to change.', ...PAGE },
  402: { description: 'The page again: the card was declined.', ...PAGE },
  403: { description: 'A page: the form was not sent from this page.', ...PAGE },
  429: { description: 'A page: too many tries.', ...PAGE },
} as const

/** A browser leaves out no field; whoever does gets an empty text and the page that says so. Longer is no person's typing. */
const typed = (maxLength: number) => z.string().max(maxLength).default('')
/** Sealed by us, so any text will do. */
const token = z.object({ token: z.string().max(1_024) })
const MAX_TYPED = 300

const page = <const Status extends number>(status: Status, { body, headers }: RenderedPage) => ({
  status,
  body,
  headers,
})

const seeOther = (address: string) => ({ status: 303, headers: { Location: address } }) as const

const causeOf = ({ now, requestId, trace }: { now: Date; requestId: string; trace: TraceContext }): Cause => ({
  ...{ now, idempotencyKey: null, traceparent: formatTraceparent(trace) },
  requestId: `req_${requestId.replaceAll('-', '')}`,
})

/** What the limiter has to say goes nowhere: the answer says it. */
const NO_LOG: Pick<InvocationLog, 'note' | 'metric'> = { note() {}, metric() {} }

/** Against those who try cards on a page: counted by page and by address. */
async function isTooOften(subject: string, clientIp: string, { limiter }: CheckoutServices): Promise<boolean> {
  const usages = await Promise.all([
    limiter.hit(`page#${subject}`, 'sign_in', NO_LOG),
    limiter.hit(`ip#${clientIp}`, 'sign_in', NO_LOG),
  ])
  return usages.some((usage) => usage?.exceeded === true)
}

const showCheckout = route({
  method: 'GET',
  path: '/pay/{token}',
  operationId: 'showCheckout',
  summary: 'The page of a checkout session',
  permission: 'public',
  problems: ['dependency_unavailable'],
  params: token,
  // Set when the browser comes from paying: it is then led on to the shop.
  query: z.object({ paid: z.literal('1').optional() }),
  answers: PAGE_ANSWERS,
  async handle({ params, query, now }, services) {
    const named = await services.pages.session(params.token)
    const session =
      named && (await services.objects.get<Session>('checkout.session', named.workspaceId, named.sessionId))
    if (session === undefined) return page(404, unknownPage())
    const merchant = await services.merchantOf(session.workspaceId)
    const current = sessionAt(session, now)
    if (current.status === 'complete') return page(200, paidPage(merchant, session, query.paid === '1'))
    if (current.status === 'expired') return page(410, expiredPage(merchant, session))
    const intent =
      session.intentId === null
        ? undefined
        : await services.objects.get<Intent>('payment_intent', session.workspaceId, session.intentId)
    return page(
      200,
      payPage({
        ...{ merchant, session, action: `${PAY_PATH}/${params.token}` },
        typed: { email: session.paidBy?.email ?? session.customerEmail ?? '', name: session.paidBy?.name ?? '' },
        declined: intent?.lastError ?? undefined,
        bank: intent?.nextAction?.url,
      }),
    )
  },
})

const payRoute = route({
  method: 'POST',
  path: '/pay/{token}',
  operationId: 'payCheckout',
  summary: 'Pay a checkout session',
  permission: 'public',
  problems: ['dependency_unavailable'],
  params: token,
  form: true,
  body: z.object({
    email: typed(MAX_TYPED),
    number: typed(MAX_TYPED),
    expiry: typed(MAX_TYPED),
    cvc: typed(MAX_TYPED),
    name: typed(MAX_TYPED),
  }),
  answers: FORM_ANSWERS,
  async handle({ params, body, headers, clientIp, now, ...request }, services) {
    if (!isSameOrigin(headers, [services.publicOrigin])) return page(403, foreignFormPage())
    const named = await services.pages.session(params.token)
    const session =
      named && (await services.objects.get<Session>('checkout.session', named.workspaceId, named.sessionId))
    if (named === undefined || session === undefined) return page(404, unknownPage())
    if (await isTooOften(named.sessionId, clientIp, services)) return page(429, tooManyPage())
    const merchant = await services.merchantOf(session.workspaceId)
    const { email, expiry, name } = body
    const shown = { merchant, session, action: `${PAY_PATH}/${params.token}`, typed: { email, expiry, name } }
    const read = readCard(body, now)
    const open = sessionAt(session, now).status === 'open'
    if (open && !read.ok) return page(400, payPage({ ...shown, faults: read.faults }))
    const payer = read.ok ? { email: read.email, name: read.name, paymentMethod: read.card.name } : undefined
    const paying =
      payer === undefined
        ? ({ kind: 'ended', session: sessionAt(session, now) } as const)
        : await pay(services, named, payer, causeOf({ now, ...request }))
    switch (paying.kind) {
      case 'unknown':
        return page(404, unknownPage())
      case 'asked':
        return seeOther(paying.url)
      case 'declined':
        return page(402, payPage({ ...shown, session: paying.session, declined: paying.error }))
      case 'ended':
        if (paying.session.status === 'expired') return page(410, expiredPage(merchant, paying.session))
        return seeOther(`${session.url}?paid=1`)
      default:
        return paying satisfies never
    }
  },
})

const showBank = route({
  method: 'GET',
  path: '/pay/authenticate/{token}',
  operationId: 'showAuthentication',
  summary: "The page of the test bank, which asks for its customer's approval",
  permission: 'public',
  problems: ['dependency_unavailable'],
  params: token,
  answers: PAGE_ANSWERS,
  async handle({ params }, services) {
    const named = await services.pages.authentication(params.token)
    const intent = named && (await services.objects.get<Intent>('payment_intent', named.workspaceId, named.intentId))
    if (intent === undefined) return page(404, unknownPage())
    const path = `${AUTHENTICATE_PATH}/${params.token}`
    if (!isAsked(intent, `${services.publicOrigin}${path}`)) {
      const session = await sessionOf(intent, services.objects)
      return page(410, nothingToAnswerPage(session?.url))
    }
    return page(200, bankPage(await services.merchantOf(intent.workspaceId), intent, path))
  },
})

const answerRoute = route({
  method: 'POST',
  path: '/pay/authenticate/{token}',
  operationId: 'answerAuthentication',
  summary: 'Approve the payment, or fail its authentication',
  permission: 'public',
  problems: ['dependency_unavailable'],
  params: token,
  form: true,
  body: z.object({ answer: z.enum(['approve', 'fail']) }),
  answers: FORM_ANSWERS,
  async handle({ params, body, headers, now, ...request }, services) {
    if (!isSameOrigin(headers, [services.publicOrigin])) return page(403, foreignFormPage())
    const named = await services.pages.authentication(params.token)
    if (named === undefined) return page(404, unknownPage())
    const url = `${services.publicOrigin}${AUTHENTICATE_PATH}/${params.token}`
    const asked = { ...named, url }
    const answering = await answerBank(services, asked, body.answer === 'approve', causeOf({ now, ...request }))
    if (answering.kind === 'no_question') {
      const { session } = answering
      // Of two clicks on one button the browser shows the second one's answer, which is to say how the first one ended.
      return session === undefined ? page(410, nothingToAnswerPage()) : seeOther(afterBank(session.status, session.url))
    }
    const { intent, session, succeeded } = answering
    if (session !== undefined) return seeOther(afterBank(succeeded ? 'complete' : 'open', session.url))
    const merchant = await services.merchantOf(named.workspaceId)
    return page(200, answeredPage(merchant, succeeded, returnAddress(intent, succeeded)))
  },
})

const afterBank = (status: Session['status'], url: string): string => (status === 'complete' ? `${url}?paid=1` : url)

export const checkoutRoutes = [showCheckout, payRoute, showBank, answerRoute]
