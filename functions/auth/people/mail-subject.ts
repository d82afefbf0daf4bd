/** The address that a registration's link is for. Pure. */
import { normaliseEmail } from './user.ts'

/** Undefined for a link that is none of ours: the subject of those is a normalised address. */
export function mailSubject(link: { readonly subject: string } | undefined): string | undefined {
  return link !== undefined && normaliseEmail(link.subject) === link.subject ? link.subject : undefined
}
