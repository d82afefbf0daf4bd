/** Bytes of an HTML form → an object (https://url.spec.whatwg.org/#application/x-www-form-urlencoded). Pure. */
import { Problem } from './problem.ts'

export const FORM_TYPE = 'application/x-www-form-urlencoded'

/** Far above any form of ours: more fields are an attack on whoever loops over them. */
const MAX_FIELDS = 1_000

/** A name that came once has a text, one that came several times an array of them. Throws `malformed_form`. */
export function parseFormBody(bytes: Uint8Array): Record<string, string | readonly string[]> {
  const fields = new URLSearchParams(decoded(bytes))
  if (fields.size > MAX_FIELDS)
    throw new Problem('malformed_form', `expected at most ${MAX_FIELDS} fields, got ${fields.size}`)
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const [first = '', ...more] = fields.getAll(name)
      return [name, more.length === 0 ? first : [first, ...more]]
    }),
  )
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Problem('malformed_form', 'expected form fields in UTF-8, got bytes that are not UTF-8')
  }
}
