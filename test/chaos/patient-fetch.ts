/** A client that comes again when it is asked to: on 503 after `Retry-After` (RFC 9110 §15.6.4), for two minutes. */
import { MINUTE, SECOND } from '#core/clock.ts'

const PATIENCE_MS = 2 * MINUTE

/** @returns the last answer: a 503 only when there were others for two minutes. For requests that may be repeated. */
export async function patientFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await fetch(url, init)
    const seconds = Number(answer.headers.get('retry-after'))
    if (answer.status !== 503 || !(seconds > 0) || performance.now() > end) return answer
    await answer.body?.cancel()
    await new Promise((resolve) => setTimeout(resolve, seconds * SECOND))
  }
}
