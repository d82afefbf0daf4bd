/** Entity tags and the conditions on them: RFC 9110 §8.8.3, §13.1.1, §13.1.2. Pure. */
import type { HttpAnswer } from './exchange.ts'
import { Problem } from './problem.ts'

/** The opaque part may hold any visible character but the quote, a comma too, and bytes above ASCII (§8.8.3). */
const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\uffff]*)"/y
/** Empty elements of a list are skipped (§5.6.1.2). */
const BEFORE_FIRST = /[ \t,]*/y
const BETWEEN = /[ \t]*(?:,[ \t,]*|$)/y

interface EntityTag {
  readonly weak: boolean
  readonly tag: string
}

export const formatEtag = (version: string): string => `"${version}"`

/** `*`, the tags of the list, or undefined where the text is not one. */
export function parseEntityTags(header: string): '*' | readonly EntityTag[] | undefined {
  if (header.trim() === '*') return '*'
  const tags: EntityTag[] = []
  let position = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position
    const match = pattern.exec(header)
    position += match?.[0].length ?? 0
    return match
  }
  take(BEFORE_FIRST)
  while (position < header.length) {
    const match = take(ENTITY_TAG)
    if (match === null || take(BETWEEN) === null) return undefined
    tags.push({ weak: match[1] !== undefined, tag: match[2] ?? '' })
  }
  return tags.length === 0 ? undefined : tags
}

/**
 * The one version that `If-Match` names, for the store's condition; undefined without the header or for `*`.
 * A weak tag can't match (§13.1.1 asks for strong comparison), so it is 412 at once. Several tags are refused with
 * 400: one write can compare with one version only. Throws both as problems.
 */
export function ifMatchVersion(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const tags = parseEntityTags(header)
  if (tags === '*') return undefined
  const [first, ...others] = tags ?? []
  if (first === undefined || others.length > 0) throw invalidIfMatch(header)
  if (first.weak) throw new Problem('precondition_failed', 'expected a strong entity tag in If-Match, got a weak one')
  return first.tag
}

function invalidIfMatch(header: string): Problem {
  const detail = `expected one entity tag in double quotes or *, got ${header.slice(0, 100)}`
  return new Problem('validation_failed', 'If-Match is not valid', {
    errors: [{ pointer: '/header/if-match', code: 'invalid_format', detail }],
  })
}

/** §13.1.2: weak comparison. A header that can't be read is ignored, so the answer is sent whole. */
export function noneMatch(header: string | undefined, etag: string): boolean {
  const tags = header === undefined ? [] : parseEntityTags(header)
  if (tags === undefined) return true
  if (tags === '*') return false
  return !tags.some(({ tag }) => formatEtag(tag) === etag)
}

/** 200 with an ETag that the caller already has → 304, keeping the headers that §15.4.5 asks for. */
export function conditional(answer: HttpAnswer, ifNoneMatch: string | undefined): HttpAnswer {
  const etag = answer.headers['etag']
  if (answer.status !== 200 || etag === undefined || noneMatch(ifNoneMatch, etag)) return answer
  const { 'content-type': _dropped, ...headers } = answer.headers
  return { status: 304, headers }
}
