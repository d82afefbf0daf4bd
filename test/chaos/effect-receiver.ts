/** Whoever tasks call: counts what arrives, by its idempotency key. An effect is what a key brings about the first time. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface EffectReceiver {
  readonly url: string
  /** Idempotency key → how often it arrived. */
  readonly arrivals: ReadonlyMap<string, number>
  /** What was asked for (the query `n`) → the keys under which it was. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string>>
  /** Resolves to true in the midst of the next request, to false when the signal fires first. */
  isBusy(done: AbortSignal): Promise<boolean>
  close(): Promise<void>
}

/** Every answer takes this long, so that there are always some tasks between their effect and its record. */
const ANSWER_MS = 25

export async function startEffectReceiver(): Promise<EffectReceiver> {
  const arrivals = new Map<string, number>()
  const keys = new Map<string, Set<string>>()
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    for (const tell of waiting) tell()
    const key = String(request.headers['idempotency-key'])
    const n = new URL(request.url ?? '/', 'http://receiver').searchParams.get('n') ?? ''
    arrivals.set(key, (arrivals.get(key) ?? 0) + 1)
    keys.set(n, (keys.get(n) ?? new Set()).add(key))
    setTimeout(() => response.end('done'), ANSWER_MS)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    keys,
    isBusy: (done) =>
      new Promise((resolve) => {
        const tell = (busy: boolean) => {
          waiting.delete(onRequest)
          resolve(busy)
        }
        const onRequest = () => tell(true)
        waiting.add(onRequest)
        if (done.aborted) tell(false)
        else done.addEventListener('abort', () => tell(false), { once: true })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
