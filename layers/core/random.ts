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
