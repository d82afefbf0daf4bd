/**
 * Between an application's request and its answer: the person signs in on our pages, and says yes or no. Everything
 * else is the engine's.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import { errors, type Interaction } from 'oidc-provider'
import type { AccessStore } from '#core/access.store.ts'
import type { HttpRequest } from '#core/exchange.ts'
import { parseFormBody } from '#core/form-body.ts'
import type { RenderedPage } from '#core/page.ts'
import type { Person } from '#core/permissions.ts'
import { SECURITY_HEADERS } from '#core/security-headers.ts'
import type { Forms } from '../pages/forms.ts'
import { messagePage } from '../pages/frame.ts'
import { staleFormPage } from '../pages/people-pages.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { consentPage } from './oauth2-pages.ts'

export interface InteractionServices {
  readonly sessions: Pick<Sessions, 'person'>
  readonly forms: Forms
  readonly access: AccessStore
}

const PATH = /^\/oauth2\/interaction\/([\w-]{1,64})(\/abort)?$/

/** True when the request was one of an interaction, and is answered. */
export async function interact(
  provider: Provider,
  services: InteractionServices,
  request: HttpRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const [, uid, abort] = PATH.exec(request.path) ?? []
  if (uid === undefined) return false
  const found = await provider.interactionDetails(incoming, response).catch((error: unknown) => {
    if (error instanceof errors.SessionNotFound) return undefined
    throw error
  })
  if (found === undefined || found.uid !== uid) {
    send(response, 400, outOfDate())
    return true
  }
  const person = await services.sessions.person(request.headers['cookie'])
  if (person === undefined) {
    const back = encodeURIComponent(`/oauth2/interaction/${uid}`)
    reply(response, 303, { location: `/auth/sign-in?return=${back}` })
    return true
  }
  const step: Step = { provider, services, request, incoming, response, interaction: found, person }
  if (request.method === 'GET') await show(step)
  else if (request.method === 'POST') await decide(step, abort !== undefined)
  else reply(response, 405, { allow: 'GET, POST' })
  return true
}

interface Step {
  readonly provider: Provider
  readonly services: InteractionServices
  readonly request: HttpRequest
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly interaction: Interaction
  readonly person: Person
}

/** Who is signed in is known: the engine is told, and comes back for the consent if it needs one. */
async function show(step: Step): Promise<void> {
  const { provider, services, request, incoming, response, interaction, person } = step
  if (interaction.prompt.name === 'login') {
    const result = { login: { accountId: person.userId, remember: false } }
    await provider.interactionFinished(incoming, response, result, { mergeWithLastSubmission: false })
    return
  }
  const client = await services.access.findClient(String(interaction.params['client_id']))
  const member = client && (await services.access.findMember(client.workspaceId, person.userId))
  const workspace = client && (await services.access.findWorkspace(client.workspaceId))
  if (client === undefined || member === undefined || workspace === undefined) {
    const result = { error: 'access_denied', error_description: 'the person is not in the workspace of the client' }
    await provider.interactionFinished(incoming, response, result, { mergeWithLastSubmission: false })
    return
  }
  const { token, cookies } = await services.forms.token(request.headers, person.sessionId)
  if (cookies.length > 0) response.setHeader('set-cookie', [...cookies])
  const shown = consentPage({
    action: `/oauth2/interaction/${interaction.uid}`,
    token,
    client: client.name,
    workspace: workspace.name,
    email: person.email,
    scopes: wantedScopes(interaction).filter((scope) => client.scopes.some((own) => own === scope)),
    leadsTo: new URL(String(interaction.params['redirect_uri'])).origin,
  })
  send(response, 200, shown)
}

async function decide(step: Step, abort: boolean): Promise<void> {
  const { provider, services, request, incoming, response, interaction, person } = step
  const { form } = parseFormBody(request.body)
  if (!(await services.forms.isOurs(request.headers, person.sessionId, String(form)))) {
    send(response, 403, staleFormPage())
    return
  }
  if (abort) {
    const result = { error: 'access_denied', error_description: 'the person did not allow it' }
    await provider.interactionFinished(incoming, response, result, { mergeWithLastSubmission: false })
    return
  }
  // Only whoever the interaction signed in can consent in it.
  if (interaction.prompt.name !== 'consent' || interaction.session?.accountId !== person.userId) {
    send(response, 400, outOfDate())
    return
  }
  const consent = { grantId: await granted(step) }
  await provider.interactionFinished(incoming, response, { consent }, { mergeWithLastSubmission: true })
}

async function granted({ provider, interaction, person }: Step): Promise<string> {
  const clientId = String(interaction.params['client_id'])
  const known = interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId)
  const grant = known ?? new provider.Grant({ accountId: person.userId, clientId })
  const { missingOIDCScope, missingResourceScopes } = interaction.prompt.details as {
    readonly missingOIDCScope?: readonly string[]
    readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>
  }
  if (missingOIDCScope !== undefined) grant.addOIDCScope(missingOIDCScope.join(' '))
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {}))
    grant.addResourceScope(resource, scopes.join(' '))
  return grant.save()
}

const outOfDate = (): RenderedPage =>
  messagePage('This page is out of date', 'Please start again in the application that sent you here.')

const wantedScopes = ({ params }: Interaction): readonly string[] => {
  const { scope } = params
  return typeof scope === 'string' ? scope.split(' ') : ['']
}

function send(response: ServerResponse, status: number, { body, headers }: RenderedPage): void {
  reply(response, status, { ...headers, 'Content-Type': 'text/html; charset=utf-8' }, body)
}

function reply(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body = ''): void {
  response.statusCode = status
  // Names are compared without their case here: a header of the page takes the place of the general one.
  for (const [name, value] of Object.entries({ ...SECURITY_HEADERS, ...headers })) response.setHeader(name, value)
  response.end(body)
}
