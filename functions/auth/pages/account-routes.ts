/** The pages of people who are signed in; whoever is not is sent to sign in and comes back. */
import * as z from 'zod'
import { html } from '#core/html.ts'
import type { Person } from '#core/permissions.ts'
import type { AuthServices } from '../auth-services.ts'
import { isLive } from '../sessions/session.ts'
import { acceptInvitation, invitationOfLink } from '../workspaces/accept-invitation.ts'
import { createWorkspace, isWorkspaceName } from '../workspaces/create-workspace.ts'
import { type AccountPage, accountPage, invitationPage } from './account-pages.ts'
import { messagePage } from './frame.ts'
import {
  FORM_ANSWERS,
  formToken,
  linkToken,
  PAGE_ANSWERS,
  page,
  rendered,
  route,
  seeOther,
  signInFirst,
  stale,
  text,
} from './page-route.ts'
import { deadLinkPage } from './people-pages.ts'

const ACCOUNT = '/auth/account'
const SAYS: Readonly<Record<string, string>> = {
  made: 'The workspace is made.',
  ended: 'That browser is signed out.',
  joined: 'You are in the workspace.',
}

async function account(person: Person, { sessionsStore, workspaces, users, clock }: AuthServices) {
  const [sessions, memberships, user] = await Promise.all([
    sessionsStore.list(person.userId),
    workspaces.listOf(person.userId),
    users.find(person.userId),
  ])
  const live = sessions.filter((session) => user !== undefined && isLive(session, user, clock.now()))
  return { email: person.email, sessionId: person.sessionId, sessions: live, workspaces: memberships }
}

type Shown = Pick<AccountPage, 'say' | 'nameFault'>

async function showAccountPage<const Status extends number>(
  status: Status,
  headers: Readonly<Record<string, string | undefined>>,
  person: Person,
  services: AuthServices,
  shown: Shown = {},
) {
  const seen = await account(person, services)
  return rendered(status, headers, services, (token) => accountPage({ token, ...seen, ...shown }), person)
}

const showAccount = route({
  method: 'GET',
  path: ACCOUNT,
  operationId: 'showAccount',
  summary: 'Your account, workspaces and sessions',
  permission: 'public',
  query: z.object({ say: z.string().max(20).optional() }),
  answers: PAGE_ANSWERS,
  async handle({ headers, query }, services) {
    const person = await services.sessions.person(headers['cookie'])
    if (person === undefined) return signInFirst(ACCOUNT)
    return showAccountPage(200, headers, person, services, { say: SAYS[query.say ?? ''] })
  },
})

const form = {
  method: 'POST',
  permission: 'public',
  form: true,
  answers: FORM_ANSWERS,
  problems: ['dependency_unavailable'],
} as const

const makeWorkspace = route({
  ...form,
  path: `${ACCOUNT}/workspaces`,
  operationId: 'makeWorkspaceByForm',
  summary: 'Make a workspace',
  body: z.object({ form: formToken, name: text(1_000) }),
  async handle({ body, headers, now, trace }, services) {
    const person = await services.sessions.person(headers['cookie'])
    if (person === undefined) return signInFirst(ACCOUNT)
    if (!(await services.forms.isOurs(headers, person.sessionId, body.form))) return stale()
    const name = body.name.trim()
    if (!isWorkspaceName(name)) return showAccountPage(400, headers, person, services, { nameFault: true })
    await createWorkspace(name, person, { now, trace }, services)
    return seeOther(`${ACCOUNT}?say=made`)
  },
})

const endSession = route({
  ...form,
  path: `${ACCOUNT}/sessions/revoke`,
  operationId: 'endSessionByForm',
  summary: 'Sign another browser out',
  body: z.object({ form: formToken, session: text(60) }),
  async handle({ body, headers }, services) {
    const person = await services.sessions.person(headers['cookie'])
    if (person === undefined) return signInFirst(ACCOUNT)
    if (!(await services.forms.isOurs(headers, person.sessionId, body.form))) return stale()
    await services.sessionsStore.revoke(person.userId, body.session)
    return seeOther(`${ACCOUNT}?say=ended`)
  },
})

const signOut = route({
  ...form,
  path: '/auth/sign-out',
  operationId: 'signOut',
  summary: 'End the session of this browser',
  body: z.object({ form: formToken }),
  async handle({ body, headers }, services) {
    const person = await services.sessions.person(headers['cookie'])
    if (person !== undefined && !(await services.forms.isOurs(headers, person.sessionId, body.form))) return stale()
    return seeOther('/auth/sign-in?say=signed-out', [await services.sessions.end(headers['cookie'])])
  },
})

const showInvitation = route({
  method: 'GET',
  path: '/auth/invitation',
  operationId: 'showInvitation',
  summary: 'An invitation to a workspace',
  permission: 'public',
  query: z.object({ token: linkToken }),
  answers: { ...PAGE_ANSWERS, 400: FORM_ANSWERS[400] },
  async handle({ query, headers, now }, services) {
    const person = await services.sessions.person(headers['cookie'])
    if (person === undefined) return signInFirst(`/auth/invitation?token=${encodeURIComponent(query.token)}`)
    const found = await invitationOfLink(query.token, now, services)
    if (found === undefined) return page(400, deadLinkPage(ACCOUNT))
    const { invitation, workspace } = found
    if (invitation.email !== person.email) return page(400, otherAddress(person.email))
    const shown = { linkToken: query.token, workspace: workspace.name, role: invitation.role, email: person.email }
    return rendered(200, headers, services, (token) => invitationPage({ token, ...shown }), person)
  },
})

const otherAddress = (email: string) =>
  messagePage(
    'This invitation is for another address',
    html`You are signed in as ${email}. Sign out, and follow the link again as who was invited.`,
    html`<p><a href="${ACCOUNT}">Go to your account</a></p>`,
  )

const joinWorkspace = route({
  ...form,
  path: '/auth/invitation',
  operationId: 'joinByForm',
  summary: 'Accept an invitation',
  body: z.object({ form: formToken, token: linkToken }),
  async handle({ body, headers, now, trace }, services) {
    const person = await services.sessions.person(headers['cookie'])
    if (person === undefined) return signInFirst(ACCOUNT)
    if (!(await services.forms.isOurs(headers, person.sessionId, body.form))) return stale()
    const outcome = await acceptInvitation(body.token, person, { now, trace }, services)
    return outcome.kind === 'joined' ? seeOther(`${ACCOUNT}?say=joined`) : page(400, deadLinkPage(ACCOUNT))
  },
})

export const accountRoutes = [showAccount, makeWorkspace, endSession, signOut, showInvitation, joinWorkspace]
