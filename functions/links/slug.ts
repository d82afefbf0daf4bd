/**
 * The name of a link in its short URL: normalising, the rules for custom slugs, and random slugs. Pure.
 * The redirect uses this file on its hot path, so it has no dependency.
 */

/** Characters (code points) of a normalised slug. Long enough for a headline, short enough to be read out. */
export const MAX_SLUG_LENGTH = 64

/**
 * 28^7 ≈ 1.3e10 slugs: with a million links, one creation in 13,000 meets a taken slug and tries a longer one.
 */
export const RANDOM_SLUG_LENGTH = 7

/** No vowels, so that no words appear by chance; no look-alikes (0 o, 1 i l). */
export const RANDOM_SLUG_ALPHABET = '23456789bcdfghjkmnpqrstvwxyz'

export type SlugRefusal = {
  readonly code: 'slug_length' | 'slug_characters' | 'slug_mixed_scripts' | 'slug_confusable' | 'slug_reserved'
  readonly detail: string
}

export type SlugDecision = { readonly ok: true; readonly slug: string } | ({ readonly ok: false } & SlugRefusal)

const PLAIN = /^[a-z0-9._-]*$/

/**
 * The form in which slugs are stored and looked up: Unicode NFC, lower case. Slugs are case-insensitive, since people
 * read them out, type them on phones, and print them in capitals. Final sigma is folded, because `toLowerCase` chooses
 * it by position. Idempotent; never throws.
 */
export function normaliseSlug(input: string): string {
  if (PLAIN.test(input)) return input
  return input.normalize('NFC').toLowerCase().replaceAll('ς', 'σ').normalize('NFC')
}

/**
 * Names that can't be slugs: what the edge routes elsewhere (compared with `infra/edge.ts` by a test), what browsers,
 * crawlers and devices ask every host for, and what we keep for later.
 */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set([
  // Paths of the product, today's and planned.
  ...['api', 'docs', 'console', 'pay', 'v1', 'v2', 'oauth2', 'inbox', 'health', 'status', 'login', 'logout', 'signin'],
  ...['signup', 'admin', 'account', 'settings', 'static', 'assets', 'cdn-cgi', 'graphql', 'webhooks', 'abuse', 'legal'],
  ...['privacy', 'terms', 'security', 'help', 'support', 'about', 'www', 'mail', 'links', 'qr'],
  // Asked for by browsers, crawlers and phones.
  ...['robots.txt', 'favicon.ico', 'favicon.svg', 'favicon.png', 'sitemap.xml', 'ads.txt', 'app-ads.txt', 'humans.txt'],
  ...['security.txt', 'llms.txt', 'crossdomain.xml', 'browserconfig.xml', 'manifest.json', 'site.webmanifest'],
  ...[
    'apple-app-site-association',
    'apple-touch-icon.png',
    'apple-touch-icon-precomposed.png',
    'sw.js',
    'service-worker.js',
  ],
  ...['index.html', 'index.htm'],
])

/** File kinds that scanners probe every host for; a link there would be mistaken for a hole, and be counted all day. */
const PROBED_SUFFIX = /\.(php\d?|phtml|asp|aspx|jsp|jspx|cgi|env|git|sql|bak)$/

const isReserved = (slug: string): boolean =>
  RESERVED_SLUGS.has(slug) || slug.startsWith('.') || slug.startsWith('_') || PROBED_SUFFIX.test(slug)

/** Letters, their marks and ASCII digits, separators only between them. Invisible and direction characters are none of these. */
const ALLOWED = /^[\p{L}0-9]\p{M}*(?:[._-]*[\p{L}0-9]\p{M}*)*$/u

/**
 * Recommended scripts (Unicode UAX #31, table 5) as sets that may stand together (UTS #39 §5.2, "Highly Restrictive"):
 * a slug that mixes Latin with Cyrillic is there to be mistaken for another.
 */
const SCRIPT_SETS: readonly RegExp[] = [
  ...['Latin', 'Cyrillic', 'Greek', 'Arabic', 'Armenian', 'Bengali', 'Devanagari', 'Ethiopic', 'Georgian', 'Gujarati'],
  ...['Gurmukhi', 'Hebrew', 'Kannada', 'Khmer', 'Lao', 'Malayalam', 'Myanmar', 'Oriya', 'Sinhala', 'Tamil', 'Telugu'],
  ...['Thaana', 'Thai', 'Tibetan'],
]
  .map((script) => [script])
  .concat([
    ['Latin', 'Han', 'Hiragana', 'Katakana'],
    ['Latin', 'Han', 'Bopomofo'],
    ['Latin', 'Han', 'Hangul'],
  ])
  .map(
    (scripts) =>
      new RegExp(`^[0-9._\\-\\p{sc=Inherited}\\p{sc=Common}${scripts.map((s) => `\\p{scx=${s}}`).join('')}]*$`, 'u'),
  )

/** Cyrillic and Greek letters that pass for Latin ones (Chromium's IDN policy, whole-script confusables). */
const LATIN_LOOKALIKES = /^[асԁеһіјӏорԛѕԝхуъҽпгѵѡαικνρυωηοτ0-9._-]*$/u

/**
 * Judges a custom slug.
 * @returns the normalised slug, or why it can't be one
 */
export function checkSlug(input: string): SlugDecision {
  const slug = normaliseSlug(input)
  const length = Array.from(slug).length
  if (length < 1 || length > MAX_SLUG_LENGTH)
    return { ok: false, code: 'slug_length', detail: `expected 1 to ${MAX_SLUG_LENGTH} characters, got ${length}` }
  if (isReserved(slug))
    return {
      ok: false,
      code: 'slug_reserved',
      detail: 'expected a slug that is not reserved: the name has a fixed use',
    }
  if (!ALLOWED.test(slug))
    return {
      ok: false,
      code: 'slug_characters',
      detail: 'expected letters and digits, with hyphen, underscore or full stop only between them',
    }
  if (PLAIN.test(slug)) return { ok: true, slug }
  if (!SCRIPT_SETS.some((set) => set.test(slug)))
    return { ok: false, code: 'slug_mixed_scripts', detail: 'expected letters of one script' }
  if (LATIN_LOOKALIKES.test(slug))
    return { ok: false, code: 'slug_confusable', detail: 'expected a slug that can not be mistaken for Latin letters' }
  return { ok: true, slug }
}

/** Fills with `count` random bytes from a CSPRNG. */
export type RandomBytes = (count: number) => Uint8Array

/**
 * A random slug. Bytes that would favour some letters are thrown away, so that every slug is equally likely.
 * @param attempt 0 for the first try; each further try is one character longer
 */
export function randomSlug(randomBytes: RandomBytes, attempt = 0): string {
  const length = RANDOM_SLUG_LENGTH + attempt
  const fair = 256 - (256 % RANDOM_SLUG_ALPHABET.length)
  let slug = ''
  while (slug.length < length)
    for (const byte of randomBytes(length)) {
      if (byte < fair && slug.length < length) slug += RANDOM_SLUG_ALPHABET[byte % RANDOM_SLUG_ALPHABET.length]
    }
  return slug
}

/**
 * The slug that a request path names, or undefined when it can't name one: malformed percent-encoding, several
 * segments, or nothing that `checkSlug` would have accepted. So probes cost no table read. One trailing slash is fine.
 */
export function slugOfPath(path: string): string | undefined {
  const end = path.length > 1 && path.endsWith('/') ? path.length - 1 : path.length
  const raw = path.slice(1, end)
  if (raw.includes('/')) return undefined
  const decoded = raw.includes('%') ? decodeOrUndefined(raw) : raw
  if (decoded === undefined) return undefined
  const decision = checkSlug(decoded)
  return decision.ok ? decision.slug : undefined
}

function decodeOrUndefined(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}
