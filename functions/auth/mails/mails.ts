/** What our mails say, as text and as HTML. Pure. */
import { type Html, html } from '#core/html.ts'

export interface MailText {
  readonly subject: string
  readonly text: string
  readonly html: string
}

interface Content {
  readonly subject: string
  readonly lines: readonly string[]
  readonly link?: { readonly label: string; readonly url: string }
  readonly closing: string
}

const STYLE = 'font:16px/1.6 system-ui,sans-serif;max-width:34em;margin:0 auto;padding:24px'
const BUTTON =
  'display:inline-block;padding:10px 18px;border-radius:8px;background:#b03a0c;color:#ffffff;text-decoration:none'

function mailOf({ subject, lines, link, closing }: Content): MailText {
  const body: Html = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${subject}</title></head><body style="${STYLE}">${lines.map((line) => html`<p>${line}</p>`)}${
    link &&
    html`<p><a href="${link.url}" style="${BUTTON}">${link.label}</a></p><p>Or open this address: <br><a href="${link.url}">${link.url}</a></p>`
  }<p style="color:#6a6257">${closing}</p></body></html>`
  const text = [...lines, ...(link === undefined ? [] : [`${link.label}:\n${link.url}`]), closing].join('\n\n')
  return { subject, text: `${text}\n`, html: body.toString() }
}

export const registrationMail = (url: string): MailText =>
  mailOf({
    subject: 'Finish your registration',
    lines: ['Welcome to Backlot. Follow this link to choose a password; it works once, for 24 hours.'],
    link: { label: 'Choose a password', url },
    closing: 'You did not register? Then ignore this mail; there will be no account.',
  })

export const alreadyRegisteredMail = (origin: string): MailText =>
  mailOf({
    subject: 'You already have an account',
    lines: [
      'Somebody, probably you, tried to register this address. It already has an account, so nothing was changed.',
      `Sign in at ${origin}/auth/sign-in, or choose a new password at ${origin}/auth/reset.`,
    ],
    closing: 'It was not you? Then there is nothing to do.',
  })

export const resetMail = (url: string): MailText =>
  mailOf({
    subject: 'Choose a new password',
    lines: [
      'Follow this link to choose a new password; it works once, for one hour. You are then signed out everywhere.',
    ],
    link: { label: 'Choose a new password', url },
    closing: 'You did not ask for this? Then ignore this mail; your password stays as it is.',
  })

export const passwordChangedMail = (origin: string): MailText =>
  mailOf({
    subject: 'Your password was changed',
    lines: ['The password of your account was changed just now, and every browser was signed out.'],
    closing: `It was not you? Then choose a new one at once: ${origin}/auth/reset`,
  })

export const invitationMail = (workspace: string, url: string): MailText =>
  mailOf({
    subject: `Invitation to ${workspace.replace(/\p{Cc}/gu, ' ')}`,
    lines: [`You are invited to the workspace ${workspace} on Backlot.`],
    link: { label: 'See the invitation', url },
    closing: 'The link works for 14 days, for this address alone.',
  })
