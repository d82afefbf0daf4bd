/** What the routes of pages have in common: their form, their answers, and who sent them. */
import * as z from 'zod'
import type { RenderedPage } from '#core/page.ts'
import type { Person } from '#core/permissions.ts'
import { routeOf } from '#core/route.ts'
import type { AuthServices } from '../auth-services.ts'
import { staleFormPage, tooManyPage } from './people-pages.ts'

export const route = routeOf<AuthServices>()

const PAGE = { contentType: 'text/html; charset=utf-8', body: z.string() }

export const PAGE_ANSWERS = {
  200: { description: 'A page.', ...PAGE },
  303: { description: 'Done; the next page is elsewhere.', headers: { Location: 'The path of the next page.' } },
} as const

export const FORM_ANSWERS = {
  ...PAGE_ANSWERS,
  400: { description: 'A page that says what to change.', ...PAGE },
  403: { description: 'A page: the form was not given out to this browser.', ...PAGE },
  429: { description: 'A page: too many attempts.', ...PAGE, headers: { 'Retry-After': 'Seconds to wait.' } },
} as const

/** A browser leaves out no field; whoever does gets an empty text and the page that says so. Longer is no person's typing. */
export const text = (maxLength: number) => z.string().max(maxLength).default('')
export const formToken = text(100)
export const linkToken = text(1_000)

type Headers = Readonly<Record<string, string | undefined>>

export const page = <const Status extends number>(
  status: Status,
  { body, headers }: RenderedPage,
  cookies: readonly string[] = [],
) => ({ status, body, headers, cookies })

export const seeOther = (path: string, cookies: readonly string[] = []) =>
  ({ status: 303, headers: { Location: path }, cookies }) as const

/** Carries a query along, so that signing in comes back to the same link. */
export const signInFirst = (path: string) => seeOther(`/auth/sign-in?return=${encodeURIComponent(path)}`)

export const tooMany = (seconds: number) => {
  const { body, headers } = tooManyPage(seconds)
  return { status: 429, body, headers: { ...headers, 'Retry-After': String(seconds) } } as const
}

export const stale = () => page(403, staleFormPage())

/** Renders with a token for the page's forms, and sets the cookie that the token is bound to. */
export async function rendered<const Status extends number>(
  status: Status,
  headers: Headers,
  { forms }: AuthServices,
  render: (token: string) => RenderedPage,
  person?: Person,
) {
  const { token, cookies } = await forms.token(headers, person?.sessionId)
  return page(status, render(token), cookies)
}
