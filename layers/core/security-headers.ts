/**
 * Headers of every answer, as OWASP's REST security cheat sheet asks
 * (https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers). A route's own
 * header of the same name wins: a page needs a content security policy of its own.
 */
const TWO_YEARS_SECONDS = 63_072_000

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  // Answers belong to one caller; a route that may be cached says so itself.
  'cache-control': 'no-store',
  // An answer of the API is never a document: nothing may be loaded from it, nobody may frame it.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Ignored by browsers on plain HTTP (RFC 6797 §8.1), so harmless on the local edge.
  'strict-transport-security': `max-age=${TWO_YEARS_SECONDS}; includeSubDomains`,
}
