/** Bytes of a request → JSON value. Refuses with the position of the fault, so that a caller can find it. Pure. */
import { Problem } from './problem.ts'

/** Throws `malformed_json` for bytes that are not UTF-8 (RFC 8259 §8.1) or not JSON. */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const text = decode(bytes)
  try {
    return JSON.parse(text)
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error)
    const position = faultPosition(text, fault)
    const detail = position === undefined ? 'expected JSON' : `expected JSON, got a fault at ${place(text, position)}`
    // Not as the cause: V8's message quotes the body, and a body may hold a password.
    throw new Problem('malformed_json', detail)
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Problem('malformed_json', 'expected JSON in UTF-8, got bytes that are not UTF-8')
  }
}

/** 1-based line and column (in UTF-16 units), and the character. */
function place(text: string, position: number): string {
  const before = text.slice(0, position).split('\n')
  const character = text[position]
  const found = character === undefined ? 'the end of the text' : JSON.stringify(character)
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${found}`
}

/**
 * V8 tells the position of most faults, but not of an unexpected token. Its parser reads from left to right, so every
 * text cut off at or before the fault fails for another reason (it ends too early), every longer one with the same
 * unexpected token: the position is found by halving.
 */
function faultPosition(text: string, message: string): number | undefined {
  const told = /at position (\d+)/.exec(message)?.[1]
  if (told !== undefined) return Number(told)
  if (message.startsWith('Unexpected end')) return text.length
  if (!unexpectedToken(text)) return undefined
  let fine = 0
  let faulty = text.length
  while (faulty - fine > 1) {
    const middle = (fine + faulty) >>> 1
    if (unexpectedToken(text.slice(0, middle))) faulty = middle
    else fine = middle
  }
  return fine
}

function unexpectedToken(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch (error) {
    return error instanceof Error && error.message.startsWith('Unexpected token')
  }
}
