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
<ul class="list">${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}</ul>
<p class="more">You are then sent to ${leadsTo}.</p><div class="more">${form({
      action,
      token,
      fields: '',
      submit: 'Allow',
    })}${form({ action: `${action}/abort`, token, fields: '', submit: 'Cancel', quiet: true })}</div>`,
  })

export const errorPage = (error: string, description: string | undefined): RenderedPage =>
  messagePage(
    'This did not work',
    html`${description ?? 'The application sent a request that cannot be answered.'}`,
    html`<p><code>${error}</code></p>`,
  )
