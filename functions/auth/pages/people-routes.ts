/** The pages of people who are not signed in. Each form: ours? → not too often? → decide → store → page. GET changes nothing. */
import * as z from 'zod'
import { NOBODYS_WORKSPACE } from '../events.ts'
import { mailSubject } from '../people/mail-subject.ts'
import { MAX_PASSWORD_BYTES, passwordFault } from '../people/password.ts'
import { MAX_EMAIL_LENGTH, normaliseEmail, USER_ID } from '../people/user.ts'
import { hashSecret, parseToken } from '../secret-token.ts'
import {
  FORM_ANSWERS,
  formToken,
  linkToken,
  PAGE_ANSWERS,
  page,
  rendered,
  route,
  seeOther,
  stale,
  text,
  tooMany,
} from './page-route.ts'
import {
  checkMailPage,
  deadLinkPage,
  isNotice,
  newPasswordPage,
  registerPage,
  resetPage,
  signInPage,
  verifyPage,
} from './people-pages.ts'
import { returnPath } from './return-path.ts'

const email = text(MAX_EMAIL_LENGTH * 2)
/** In characters: more than `MAX_PASSWORD_BYTES` would be refused by its own page. */
const password = text(MAX_PASSWORD_BYTES * 2)
const returnTo = z.string().max(2_000).optional()
const form = { permission: 'public', form: true, problems: ['dependency_unavailable'] } as const
const tokenQuery = z.object({ token: linkToken })

/** Register and reset: one page, one form, one answer for every address. */
const askForMail = (
  kind: 'registration' | 'reset',
  path: '/auth/register' | '/auth/reset',
  askPage: typeof registerPage,
) =>
  [
    route({
      method: 'GET',
      path,
      operationId: kind === 'reset' ? 'showReset' : 'showRegister',
      summary: kind === 'reset' ? 'Ask for a new password' : 'Make an account',
      permission: 'public',
      answers: PAGE_ANSWERS,
      handle: ({ headers }, services) => rendered(200, headers, services, (token) => askPage(token)),
    }),
    route({
      ...form,
      method: 'POST',
      path,
      operationId: kind === 'reset' ? 'reset' : 'register',
      summary: kind === 'reset' ? 'Mail the link for a new password' : 'Mail the link for an account',
      description: 'Answers the same, after the same work, whether or not the address has an account.',
      body: z.object({ form: formToken, email }),
      answers: FORM_ANSWERS,
      async handle({ body, headers, clientIp, now, trace }, services) {
        if (!(await services.forms.isOurs(headers, undefined, body.form))) return stale()
        const address = normaliseEmail(body.email)
        if (address === undefined) return rendered(400, headers, services, (token) => askPage(token, body.email))
        const wait = await services.throttle.mail(clientIp, address)
        if (wait !== undefined) return tooMany(wait)
        const id = services.ids('mrq')
        await services.requestMail({ kind, id, requestedAt: now.toISOString(), email: address }, trace)
        return page(200, checkMailPage(address, path))
      },
    }),
  ] as const

const showVerify = route({
  method: 'GET',
  path: '/auth/verify',
  operationId: 'showVerify',
  summary: 'Choose the password of a new account',
  description: 'Where the link of the mail leads. Programs that open links do no harm: only the form uses it up.',
  permission: 'public',
  query: tokenQuery,
  answers: { ...PAGE_ANSWERS, 400: FORM_ANSWERS[400] },
  async handle({ query, headers }, services) {
    const address = mailSubject(parseToken(query.token))
    if (address === undefined) return page(400, deadLinkPage('/auth/register'))
    return rendered(200, headers, services, (token) => verifyPage(token, query.token, address))
  },
})

const verify = route({
  ...form,
  method: 'POST',
  path: '/auth/verify',
  operationId: 'verify',
  summary: 'Make the account',
  body: z.object({ form: formToken, token: linkToken, password }),
  answers: FORM_ANSWERS,
  async handle({ body, headers, clientIp, now, trace }, services) {
    if (!(await services.forms.isOurs(headers, undefined, body.form))) return stale()
    const link = parseToken(body.token)
    const address = mailSubject(link)
    if (link === undefined || address === undefined) return page(400, deadLinkPage('/auth/register'))
    const fault = passwordFault(body.password, address)
    if (fault !== undefined)
      return rendered(400, headers, services, (token) => verifyPage(token, body.token, address, fault))
    const wait = await services.throttle.redemption(clientIp)
    if (wait !== undefined) return tooMany(wait)
    if (!(await services.users.isNewestRegistration(address, hashSecret(link.secret), now)))
      return page(400, deadLinkPage('/auth/register'))
    const at = now.toISOString()
    const passwordHash = await services.passwords.hash(body.password)
    const user = {
      id: services.ids('usr'),
      email: address,
      passwordHash,
      epoch: 1,
      createdAt: at,
      passwordChangedAt: at,
    }
    const about = { workspaceId: NOBODYS_WORKSPACE, about: user.id, data: { userId: user.id } }
    const news = services.tell({ type: 'PersonRegistered', ...about }, { now, trace })
    const done = await services.users.register(user, hashSecret(link.secret), now, news)
    return done ? seeOther('/auth/sign-in?say=ready') : page(400, deadLinkPage('/auth/register'))
  },
})

const showSignIn = route({
  method: 'GET',
  path: '/auth/sign-in',
  operationId: 'showSignIn',
  summary: 'Sign in',
  permission: 'public',
  query: z.object({ return: returnTo, say: z.string().max(20).optional() }),
  answers: PAGE_ANSWERS,
  handle: ({ query, headers }, services) =>
    rendered(200, headers, services, (token) =>
      signInPage({ token, back: returnPath(query.return), say: isNotice(query.say) ? query.say : undefined }),
    ),
})

const signIn = route({
  ...form,
  method: 'POST',
  path: '/auth/sign-in',
  operationId: 'signIn',
  summary: 'Begin a session',
  description:
    'An unknown address, a wrong password and an account without one are answered alike, after the same work.',
  body: z.object({ form: formToken, email, password, return: returnTo }),
  answers: FORM_ANSWERS,
  async handle({ body, headers, clientIp }, services) {
    if (!(await services.forms.isOurs(headers, undefined, body.form))) return stale()
    const address = normaliseEmail(body.email)
    const wait = await services.throttle.signIn(clientIp, address ?? body.email)
    if (wait !== undefined) return tooMany(wait)
    const user = address === undefined ? undefined : await services.users.findByEmail(address)
    const good = await services.passwords.verify(body.password, user?.passwordHash)
    const back = returnPath(body.return)
    if (user === undefined || !good)
      return rendered(400, headers, services, (token) => signInPage({ token, back, email: body.email, refused: true }))
    const from = { cookieHeader: headers['cookie'], userAgent: headers['user-agent'] }
    return seeOther(back ?? '/auth/account', [await services.sessions.begin(user, from)])
  },
})

const showConfirmReset = route({
  method: 'GET',
  path: '/auth/reset/confirm',
  operationId: 'showConfirmReset',
  summary: 'Choose a new password',
  description: 'Where the link of the mail leads. It looks nothing up and uses nothing up.',
  permission: 'public',
  query: tokenQuery,
  answers: { ...PAGE_ANSWERS, 400: FORM_ANSWERS[400] },
  async handle({ query, headers }, services) {
    const subject = parseToken(query.token)?.subject
    if (subject === undefined || !USER_ID.test(subject)) return page(400, deadLinkPage('/auth/reset'))
    return rendered(200, headers, services, (token) => newPasswordPage(token, query.token))
  },
})

const confirmReset = route({
  ...form,
  method: 'POST',
  path: '/auth/reset/confirm',
  operationId: 'confirmReset',
  summary: 'Set the new password',
  description: 'Uses the link up, ends every session and all that was granted before, and signs nobody in.',
  body: z.object({ form: formToken, token: linkToken, password }),
  answers: FORM_ANSWERS,
  async handle({ body, headers, clientIp, now, trace }, services) {
    if (!(await services.forms.isOurs(headers, undefined, body.form))) return stale()
    const link = parseToken(body.token)
    if (link === undefined || !USER_ID.test(link.subject)) return page(400, deadLinkPage('/auth/reset'))
    const wait = await services.throttle.redemption(clientIp)
    if (wait !== undefined) return tooMany(wait)
    const user = await services.users.findByReset(link.subject, hashSecret(link.secret), now)
    if (user === undefined) return page(400, deadLinkPage('/auth/reset'))
    const fault = passwordFault(body.password, user.email)
    if (fault !== undefined)
      return rendered(400, headers, services, (token) => newPasswordPage(token, body.token, fault))
    const passwordHash = await services.passwords.hash(body.password)
    const done = await services.users.resetPassword(user.id, hashSecret(link.secret), passwordHash, now)
    if (!done) return page(400, deadLinkPage('/auth/reset'))
    const id = services.ids('mrq')
    await services.requestMail(
      { kind: 'password_changed', id, requestedAt: now.toISOString(), email: user.email },
      trace,
    )
    return seeOther('/auth/sign-in?say=reset', [await services.sessions.end(headers['cookie'])])
  },
})

export const peopleRoutes = [
  ...askForMail('registration', '/auth/register', registerPage),
  ...askForMail('reset', '/auth/reset', resetPage),
  showVerify,
  verify,
  showSignIn,
  signIn,
  showConfirmReset,
  confirmReset,
]
