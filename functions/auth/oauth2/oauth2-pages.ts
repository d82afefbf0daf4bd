/** The pages of the protocol: consent, and what went wrong. Pure. */
import { html } from '#core/html.ts'
import type { RenderedPage } from '#core/page.ts'
import { authPage, form, messagePage } from '../pages/frame.ts'

export interface ConsentPage {
  readonly action: string
  readonly token: string
  readonly client: string
  readonly workspace: string
  readonly email: string
  readonly scopes: readonly string[]
  /** The client's origin, where the answer is sent. */
  readonly leadsTo: string
}

export const consentPage = ({ action, token, client, workspace, email, scopes, leadsTo }: ConsentPage): RenderedPage =>
  authPage({
    title: `Allow ${client}?`,
    leadsTo: [leadsTo],
    body: html`<h1>Allow ${client}?</h1><p class="lead">It wants to act for you, ${email}, in the workspace ${workspace}. It gets no more than you may do yourself:</p>
<ul class="list">${scopes.map((scope) => html`<li>${inWords(scope)} <code>${scope}</code></li>`)}</ul>
<p class="more">You are then sent to ${leadsTo}.</p><div class="choices">${form({
      action,
      token,
      fields: '',
      submit: 'Allow',
    })}${form({ action: `${action}/abort`, token, fields: '', submit: 'Cancel', quiet: true })}</div>`,
  })

const VERBS: Readonly<Record<string, string>> = { read: 'See', write: 'Make and change', manage: 'Manage' }
const SUBJECTS: Readonly<Record<string, string>> = { etl: 'data', keys: 'API keys', clients: 'applications' }

/** `links:write` → `Make and change links`, for people; the name stands beside it. */
function inWords(scope: string): string {
  const [subject = '', verb = ''] = scope.split(':')
  return `${VERBS[verb] ?? 'Use'} ${SUBJECTS[subject] ?? subject}`
}

export const errorPage = (error: string, description: string | undefined): RenderedPage =>
  messagePage(
    'This did not work',
    'The application that sent you here asked for something that it cannot have. Please go back to it.',
    html`<p>For whoever makes it: ${description ?? 'the request cannot be answered.'}</p><p><code>${error}</code></p>`,
  )
