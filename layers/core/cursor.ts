/**
 * Cursors of lists: opaque, and signed, so that nobody can read on where the list did not stop. A cursor is bound to its
 * list (`scope`: the route, the workspace, the filters), so it can't be carried to another.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from './problem.ts'

/** Where a list stopped; small, because it travels in the URL. */
export type CursorPosition = Readonly<Record<string, string | number>>

export interface Cursors {
  /** Base64url text. `scope` must be the same when the cursor comes back. */
  seal(scope: readonly string[], position: CursorPosition): Promise<string>
  /** Throws `invalid_cursor` for anything that `seal` did not make for this scope. */
  open(scope: readonly string[], cursor: string): Promise<CursorPosition>
}

/** 128 of HMAC-SHA-256's 256 bits: RFC 2104 §5 asks for at least half. */
const SIGNATURE_BYTES = 16
/** Longer than any cursor of ours. */
export const MAX_CURSOR_LENGTH = 1_024
const CURSOR = /^[\w-]+$/

/** `key` is derived for the purpose `cursor`. */
export function createCursors(key: () => Promise<Uint8Array>): Cursors {
  return {
    async seal(scope, position) {
      const payload = Buffer.from(JSON.stringify(position))
      return Buffer.concat([sign(await key(), scope, payload), payload]).toString('base64url')
    },
    async open(scope, cursor) {
      const bytes = canonicalBytes(cursor)
      if (bytes === undefined || bytes.length <= SIGNATURE_BYTES) throw invalid()
      const payload = bytes.subarray(SIGNATURE_BYTES)
      if (!timingSafeEqual(bytes.subarray(0, SIGNATURE_BYTES), sign(await key(), scope, payload))) throw invalid()
      // Signed by us, so it is what `seal` was given.
      return JSON.parse(payload.toString()) as CursorPosition
    },
  }
}

/** Undefined unless it is the one spelling that `seal` gives these bytes. */
function canonicalBytes(cursor: string): Buffer | undefined {
  if (cursor.length > MAX_CURSOR_LENGTH || !CURSOR.test(cursor)) return undefined
  const bytes = Buffer.from(cursor, 'base64url')
  return bytes.toString('base64url') === cursor ? bytes : undefined
}

/** Lengths before values: no two scopes run together into one text. */
function sign(key: Uint8Array, scope: readonly string[], payload: Uint8Array): Buffer {
  const hmac = createHmac('sha256', key)
  for (const part of scope) hmac.update(`${Buffer.byteLength(part)}:${part}`)
  return hmac.update('|').update(payload).digest().subarray(0, SIGNATURE_BYTES)
}

const invalid = (): Problem =>
  new Problem('invalid_cursor', 'expected the nextCursor of an earlier page of this list with the same filters', {
    errors: [{ pointer: '/query/cursor', code: 'invalid_cursor', detail: 'expected a cursor that this list gave out' }],
  })
