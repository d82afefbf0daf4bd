/**
 * Follows a short link: parse → find → answer, and after the answer the click. This is the hot path.
 *
 *   1. fixed paths and other methods    no table read
 *   2. a path that can't be a slug      404, no table read
 *   3. the slug's item                  302, 410, 404; 503 when the table is away
 *   4. the click                        after the answer, unless it was HEAD or a prefetch
 */
import type { AfterResponse } from '#core/after-response.ts'
import type { InvocationLog } from '#core/log.ts'
import type { TraceContext } from '#core/trace.ts'
import { clickOf, counts } from '../clicks/click.ts'
import { slugOfPath } from '../slug.ts'
import { AwsCallError } from './aws-call.store.ts'
import type { SendClick } from './clicks-queue.store.ts'
import { fixedAnswer, type RedirectAnswer, redirectTo, refuse } from './redirect-answers.ts'
import type { RedirectRequest } from './redirect-request.ts'
import type { FindSlug } from './slug.store.ts'

export interface RedirectServices {
  readonly findSlug: FindSlug
  readonly sendClick: SendClick
  readonly afterResponse: Pick<AfterResponse, 'defer'>
}

/** Facts of this invocation. */
export interface Invocation {
  /** Unique: it becomes the click's event id. */
  readonly requestId: string
  readonly now: Date
  readonly trace: TraceContext
  readonly log: InvocationLog
}

export async function redirect(
  request: RedirectRequest,
  { requestId, now, trace, log }: Invocation,
  { findSlug, sendClick, afterResponse }: RedirectServices,
): Promise<RedirectAnswer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse('method_not_allowed', request, requestId)
  const fixed = fixedAnswer(request, requestId)
  if (fixed !== undefined) return fixed

  const slug = slugOfPath(request.path)
  if (slug === undefined) return refuse('not_found', request, requestId)
  log.set({ slug })

  const found = await findSlug(slug, now).catch((error: unknown) => {
    const passes = error instanceof AwsCallError && error.kind === 'unavailable'
    log.fail(error, passes ? 'warn' : 'error')
    return { kind: passes ? 'unavailable' : 'failed' } as const
  })
  switch (found.kind) {
    case 'live': {
      log.set({ workspaceId: found.workspaceId, linkId: found.linkId })
      if (counts(request.method, request.headers)) {
        const click = clickOf(found, request.headers, requestId, now)
        await afterResponse.defer({ name: 'click', payload: click, run: () => sendClick(click, trace) })
      }
      return redirectTo(found.url, requestId)
    }
    case 'deleted':
      return refuse('link_gone', request, requestId)
    case 'unknown':
      return refuse('not_found', request, requestId)
    case 'unavailable':
      return refuse('dependency_unavailable', request, requestId)
    case 'failed':
      return refuse('internal_error', request, requestId)
  }
}
