/**
 * `Stripe-Version`: one version of the shapes is spoken, that of the `stripe` package which the tests use. Clients of the
 * same major release, whatever its month, get it; older ones are refused rather than given shapes that they can't read.
 */
import { API_VERSION } from '../changes/stripe-event.ts'
import { invalidRequest, shortened } from './stripe-error.ts'

const VERSION = /^\d{4}-\d{2}-\d{2}(?:\.([a-z_]+))?$/
const [, MAJOR] = VERSION.exec(API_VERSION) ?? []

/** Throws 400 for a version of another major release. Without the header the one version is meant. */
export function checkVersion(header: string | undefined): void {
  if (header === undefined || header === '') return
  const [whole, major] = VERSION.exec(header) ?? []
  if (whole !== undefined && major === MAJOR) return
  throw invalidRequest(
    `Invalid Stripe API version: ${shortened(header)}. Backlot speaks ${API_VERSION} and what is compatible with it.`,
    { param: 'Stripe-Version' },
  )
}
