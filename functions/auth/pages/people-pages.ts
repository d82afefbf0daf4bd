/** The pages of people who are not signed in: register, choose a password, sign in, reset. Pure. */
import { html } from '#core/html.ts'
import type { RenderedPage } from '#core/page.ts'
import { MIN_PASSWORD_CHARACTERS, type PasswordFault } from '../people/password.ts'
import { alert, authPage, field, form, hidden, messagePage, notice } from './frame.ts'

const PASSWORD_HINT = `At least ${MIN_PASSWORD_CHARACTERS} characters. A few words are good; anything goes.`
/** Beyond the limit in bytes of `people/password.ts`, so that a browser never cuts off what it then sends. */
const PASSWORD_INPUT_LENGTH = 1_024

const PASSWORD_FAULTS: Readonly<Record<PasswordFault, string>> = {
  too_short: `Please use at least ${MIN_PASSWORD_CHARACTERS} characters.`,
  too_long: 'Please use fewer characters.',
  common: 'Please use something that is not among the first that anybody would try.',
  is_address: 'Please use something that does not hold your address.',
}

const emailField = (value?: string, fault?: string) =>
  field({
    name: 'email',
    label: 'Email address',
    type: 'email',
    autocomplete: 'username',
    ...(value !== undefined && { value }),
    fault,
  })

const BAD_EMAIL = 'Please type an address like name@example.com.'

export const registerPage = (token: string, email?: string): RenderedPage =>
  authPage({
    title: 'Make an account',
    fault: email !== undefined,
    body: html`<h1>Make an account</h1><p class="lead">We send a link to your address. With it you choose a password.</p>
${form({ action: '/auth/register', token, fields: emailField(email, email === undefined ? undefined : BAD_EMAIL), submit: 'Send the link' })}
<div class="more"><p>You have one? <a href="/auth/sign-in">Sign in</a></p></div>`,
  })

export const resetPage = (token: string, email?: string): RenderedPage =>
  authPage({
    title: 'Forgot your password?',
    fault: email !== undefined,
    body: html`<h1>Forgot your password?</h1><p class="lead">We send a link to your address. With it you choose a new one.</p>
${form({ action: '/auth/reset', token, fields: emailField(email, email === undefined ? undefined : BAD_EMAIL), submit: 'Send the link' })}
<div class="more"><p><a href="/auth/sign-in">Back to sign in</a></p></div>`,
  })

/** The same for every address. */
export const checkMailPage = (email: string, again: '/auth/register' | '/auth/reset'): RenderedPage =>
  messagePage(
    'Check your mail',
    html`If it is the right one, there is a mail on its way to <strong>${email}</strong>. It can take a minute.`,
    html`<p>Nothing there? Look among the unwanted mail, or <a href="${again}">ask for another one</a>.</p>`,
  )

interface PasswordPage {
  readonly title: string
  readonly lead: string
  readonly action: string
  readonly token: string
  readonly linkToken: string
  /** For password managers, where it is known. */
  readonly email?: string | undefined
  readonly fault?: PasswordFault | undefined
  readonly submit: string
}

const passwordPage = ({ title, lead, action, token, linkToken, email, fault, submit }: PasswordPage): RenderedPage =>
  authPage({
    title,
    fault: fault !== undefined,
    body: html`<h1>${title}</h1><p class="lead">${lead}</p>
${form({
  action,
  token,
  fields: [
    hidden('token', linkToken),
    email !== undefined &&
      html`<input type="text" name="username" autocomplete="username" value="${email}" hidden disabled>`,
    field({
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'new-password',
      hint: PASSWORD_HINT,
      fault: fault && PASSWORD_FAULTS[fault],
      maxLength: PASSWORD_INPUT_LENGTH,
    }),
  ],
  submit,
})}`,
  })

export const verifyPage = (token: string, linkToken: string, email: string, fault?: PasswordFault): RenderedPage =>
  passwordPage({
    title: 'Choose a password',
    lead: `For your account ${email}.`,
    action: '/auth/verify',
    token,
    linkToken,
    email,
    fault,
    submit: 'Make the account',
  })

export const newPasswordPage = (token: string, linkToken: string, fault?: PasswordFault): RenderedPage =>
  passwordPage({
    title: 'Choose a new password',
    lead: 'You are then signed out everywhere, and sign in with the new one.',
    action: '/auth/reset/confirm',
    token,
    linkToken,
    fault,
    submit: 'Change the password',
  })

const NOTICES = {
  ready: 'Your account is ready. Sign in with your new password.',
  reset: 'Your password is changed. Sign in with the new one.',
  'signed-out': 'You are signed out.',
} as const
export type Notice = keyof typeof NOTICES
export const isNotice = (text: string | undefined): text is Notice => text !== undefined && Object.hasOwn(NOTICES, text)

export interface SignInPage {
  readonly token: string
  readonly back?: string | undefined
  readonly email?: string
  readonly refused?: boolean
  readonly say?: Notice | undefined
}

export const signInPage = ({ token, back, email, refused = false, say }: SignInPage): RenderedPage =>
  authPage({
    title: 'Sign in',
    fault: refused,
    body: html`<h1>Sign in</h1>${say && notice(NOTICES[say])}${
      refused && alert('Address and password do not belong together. Please try again.')
    }
${form({
  action: '/auth/sign-in',
  token,
  fields: [
    back !== undefined && hidden('return', back),
    emailField(email),
    field({
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'current-password',
      maxLength: PASSWORD_INPUT_LENGTH,
      alerted: refused,
    }),
  ],
  submit: 'Sign in',
})}
<div class="more"><p><a href="/auth/reset">Forgot your password?</a></p><p>New here? <a href="/auth/register">Make an account</a></p></div>`,
  })

export const deadLinkPage = (again: '/auth/register' | '/auth/reset' | '/auth/account'): RenderedPage =>
  messagePage(
    'This link does not work any more',
    'Each link works once, for a limited time, and only the newest one works.',
    html`<p><a href="${again}">${again === '/auth/account' ? 'Go to your account' : 'Ask for a new one'}</a></p>`,
  )

export const staleFormPage = (): RenderedPage =>
  messagePage(
    'That form is out of date',
    'Nothing was done. Perhaps you signed in or out in another tab since, or this browser takes no cookies.',
    html`<p><a href="/auth/sign-in">Start again</a></p>`,
  )

export const tooManyPage = (seconds: number): RenderedPage =>
  messagePage('Too many attempts', `Please wait ${Math.ceil(seconds / 60)} minutes and try again.`)
