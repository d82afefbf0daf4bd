/**
 * A client that comes again as a good one does: on 503 after `Retry-After` (RFC 9110 §15.6.4), and when it only reads, on any
 * fault of the gateway too, such as a function that had no processor to answer in its time (RFC 9110 §9.2.2). For two minutes.
 */
import { MINUTE, SECOND } from '#core/clock.ts'

const PATIENCE_MS = 2 * MINUTE
const PAUSE_SECONDS = 1

/** @returns the last answer: a fault only when there were others for two minutes. */
export async function patientFetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await fetch(url, init)
    const seconds = pauseOf(answer, init.method ?? 'GET')
    if (seconds === undefined || performance.now() > end) return answer
    await answer.body?.cancel()
    await new Promise((resolve) => setTimeout(resolve, seconds * SECOND))
  }
}

/** Seconds, or undefined when the answer stands. */
function pauseOf({ status, headers }: Response, method: string): number | undefined {
  const asked = Number(headers.get('retry-after'))
  if (status === 503 && asked > 0) return asked
  return method === 'GET' && [502, 503, 504].includes(status) ? PAUSE_SECONDS : undefined
}
