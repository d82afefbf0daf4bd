import { randomBytes } from 'node:crypto'
import type { RandomHex } from './trace.ts'

/** The one source of randomness. Injected everywhere, so that a test decides what is drawn. */
export interface Random {
  /** `count` unpredictable bytes, fit for keys and tokens. */
  bytes(count: number): Uint8Array
}

/** The machine's generator. Only composition roots (`*.lambda.ts`, `local/`) pass it in. */
export const systemRandom: Random = { bytes: (count) => randomBytes(count) }

/** Lower-case hex digits, two for each byte: trace and span ids. */
export const hexFrom =
  (random: Random): RandomHex =>
  (bytes) =>
    Buffer.from(random.bytes(bytes)).toString('hex')

/** Bytes of one draw: some 170 traces. */
const POOL_BYTES = 4_096

/**
 * The same bytes, drawn in bulk: a small draw costs 2 µs, most of it for the call. For trace ids on hot paths; not for
 * keys, which would lie in memory before they are used.
 */
export function pooled(random: Random): Random {
  let pool: Uint8Array = new Uint8Array()
  let used = 0
  return {
    bytes(count) {
      if (count > POOL_BYTES) return random.bytes(count)
      if (used + count > pool.length) {
        pool = random.bytes(POOL_BYTES)
        used = 0
      }
      used += count
      return pool.subarray(used - count, used)
    },
  }
}
