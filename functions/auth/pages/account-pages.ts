/** The pages of people who are signed in: their account, an invitation. Pure. */
import { type Html, html } from '#core/html.ts'
import type { RenderedPage } from '#core/page.ts'
import type { Session } from '../sessions/session.ts'
import type { Membership } from '../workspaces/workspaces.store.ts'
import { authPage, field, form, hidden, notice } from './frame.ts'

export interface AccountPage {
  readonly token: string
  readonly email: string
  readonly sessionId: string
  readonly sessions: readonly Session[]
  readonly workspaces: readonly Membership[]
  readonly say?: string | undefined
  readonly nameFault?: boolean
}

const NAME_FAULT = 'Please use 1 to 80 characters.'

export const accountPage = (page: AccountPage): RenderedPage =>
  authPage({
    title: 'Your account',
    wide: true,
    fault: page.nameFault === true,
    body: html`<h1>Your account</h1><p class="lead">${page.email}</p>${page.say && notice(page.say)}
<h2>Workspaces</h2>
${page.workspaces.length === 0 ? html`<p class="lead">You are in none yet. Make one to begin.</p>` : html`<ul class="list">${page.workspaces.map(workspaceItem)}</ul>`}
<h2>New workspace</h2>
${form({
  action: '/auth/account/workspaces',
  token: page.token,
  fields: field({
    name: 'name',
    label: 'Name',
    type: 'text',
    autocomplete: 'off',
    maxLength: 80,
    fault: page.nameFault ? NAME_FAULT : undefined,
  }),
  submit: 'Make the workspace',
})}
<h2>Where you are signed in</h2>
<ul class="list">${page.sessions.map((session) => sessionItem(session, page))}</ul>
<div class="more">${form({ action: '/auth/sign-out', token: page.token, fields: '', submit: 'Sign out', quiet: true })}</div>`,
  })

const workspaceItem = ({ workspaceId, name, role }: Membership): Html =>
  html`<li><div><p><strong>${name}</strong> <span class="tag">${role}</span></p><p><code>${workspaceId}</code></p></div></li>`

const sessionItem = ({ id, userAgent, lastSeenAt, createdAt }: Session, { sessionId, token }: AccountPage): Html => {
  const name = browserName(userAgent)
  return html`<li><div><p>${name}${id === sessionId && html` <span class="tag">this browser</span>`}</p>
<p>Signed in ${day(createdAt)}, last seen ${day(lastSeenAt)}</p></div>
${
  id !== sessionId &&
  html`<form class="inline" method="post" action="/auth/account/sessions/revoke">${hidden('form', token)}${hidden('session', id)}<button class="quiet" aria-label="Sign out ${name}">Sign out</button></form>`
}</li>`
}

/** Time zone and language of the reader are not known: the international order. */
const day = (time: string): Html => html`<time datetime="${time}">${time.slice(0, 16).replace('T', ' ')} UTC</time>`

/** `Firefox on Linux`, for people; the order matters, because browsers claim to be each other. */
export function browserName(userAgent: string): string {
  const find = (names: ReadonlyArray<readonly [RegExp, string]>) => names.find(([mark]) => mark.test(userAgent))?.[1]
  const browser = find([
    [/Edg\//, 'Edge'],
    [/Firefox\//, 'Firefox'],
    [/Chrome\//, 'Chrome'],
    [/Safari\//, 'Safari'],
  ])
  const system = find([
    [/Windows/, 'Windows'],
    [/Android/, 'Android'],
    [/iPhone|iPad/, 'iOS'],
    [/Mac OS X/, 'macOS'],
    [/Linux/, 'Linux'],
  ])
  if (browser === undefined) return userAgent.split(/[\s/(]/)[0] || 'A program'
  return system === undefined ? browser : `${browser} on ${system}`
}

export interface InvitationPage {
  readonly token: string
  readonly linkToken: string
  readonly workspace: string
  readonly role: string
  readonly email: string
}

export const invitationPage = ({ token, linkToken, workspace, role, email }: InvitationPage): RenderedPage =>
  authPage({
    title: 'An invitation',
    body: html`<h1>Join ${workspace}</h1><p class="lead">You are invited as ${role}. You join as ${email}.</p>
${form({ action: '/auth/invitation', token, fields: hidden('token', linkToken), submit: 'Join the workspace' })}`,
  })
