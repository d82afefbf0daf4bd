/** From the bytes of a message to what it says about money. Pure; the two kinds of sources have a file each. */
import type { ReceivedWebhook } from './received.ts'
import type { SourceKind } from './source.ts'
import { standardFact } from './standard-facts.ts'
import { stripeFact } from './stripe-facts.ts'
import { type Told, unreadable } from './told.ts'

export function readMessage(kind: SourceKind, { body }: Pick<ReceivedWebhook, 'body'>): Told {
  const message = jsonOf(body)
  if (message === undefined) return unreadable('malformed_body')
  switch (kind) {
    case 'stripe':
      return stripeFact(message)
    case 'standard-webhooks':
      return standardFact(message)
  }
}

/** Undefined for what is no JSON in UTF-8. */
function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}
