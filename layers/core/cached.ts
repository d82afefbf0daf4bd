/** What is read on every request and changes rarely: kept for a moment. Pure. */
import { type Clock, SECOND } from './clock.ts'

/** What was revoked works this much longer, what was tried before it was made this much later. */
export const CACHE_MS = 5 * SECOND
/** Bounds the memory that guessed ids can take: about 0.5 kB each. */
export const CACHE_ENTRIES = 1_000

/** Counted from before the read, so that an answer that was long on its way is not kept longer. */
export function cached<Ids extends readonly string[], Stored>(
  find: (...ids: Ids) => Promise<Stored | undefined>,
  clock: Clock,
): (...ids: Ids) => Promise<Stored | undefined> {
  const entries = new Map<string, { readonly stored: Stored | undefined; readonly readAt: number }>()
  return async (...ids) => {
    const id = ids.join(' ')
    const now = clock.now().getTime()
    const entry = entries.get(id)
    if (entry !== undefined && now - entry.readAt < CACHE_MS) return entry.stored
    const stored = await find(...ids)
    entries.delete(id)
    entries.set(id, { stored, readAt: now })
    const [oldest] = entries.keys()
    if (entries.size > CACHE_ENTRIES && oldest !== undefined) entries.delete(oldest)
    return stored
  }
}
