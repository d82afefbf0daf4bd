/** What somebody does to a schedule: make, change, pause, resume. Pure; firing is in `firing/firing.ts`. */
import { SECOND } from '#core/clock.ts'
import type { FieldError } from '#core/problem.ts'
import { type Definition, MAX_PAYLOAD_BYTES, type Schedule, type Target } from '../schedule.ts'
import {
  nextOccurrence,
  parseTiming,
  shortestPeriod,
  type Timing,
  type TimingFault,
  timingFault,
} from '../timing/timing.ts'

export type Edited =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly errors: readonly FieldError[] }

export interface Origin {
  readonly id: string
  readonly workspaceId: string
  readonly createdBy: string
  readonly traceparent: string
}

export function newSchedule(definition: Definition, origin: Origin, now: Date): Edited {
  const checked = check(definition, now)
  if (!checked.ok) return checked
  const at = now.toISOString()
  return {
    ok: true,
    schedule: {
      ...definition,
      ...origin,
      status: 'active',
      revision: 1,
      version: 1,
      nextAt: nextTime(checked.timing, now),
      missed: 0,
      createdAt: at,
      updatedAt: at,
    },
  }
}

/** Its next time is worked out anew only when its times changed; else what is due stays due. */
export function update(before: Schedule, changes: Partial<Definition>, traceparent: string, now: Date): Edited {
  const definition = { ...before, ...changes }
  const retimed = (['expression', 'timeZone', 'anchor', 'dst', 'startAt', 'endAt'] as const).some(
    (field) => JSON.stringify(definition[field]) !== JSON.stringify(before[field]),
  )
  const checked = check(definition, now, retimed)
  if (!checked.ok) return checked
  const overlaps = (definition.overlapPolicy ?? 'allow') === 'allow'
  const edited = { ...edit(definition, now), traceparent, ...(overlaps && { going: undefined, buffered: undefined }) }
  if (!retimed || before.status === 'paused') return { ok: true, schedule: edited }
  return { ok: true, schedule: { ...edited, status: 'active', nextAt: nextTime(checked.timing, now) } }
}

/** Nothing is due while it is paused, and nothing piles up. */
export const pause = (before: Schedule, note: string | undefined, now: Date): Schedule => ({
  ...edit(before, now),
  status: 'paused',
  note,
  nextAt: undefined,
  buffered: undefined,
})

/** Goes on with the next time from now. One that has no further time ends. */
export function resume(before: Schedule, now: Date): Schedule {
  const parsed = parseTiming(before)
  const nextAt = parsed.ok ? nextTime(parsed.timing, now) : undefined
  return { ...edit(before, now), status: nextAt === undefined ? 'ended' : 'active', note: undefined, nextAt }
}

const edit = (before: Schedule, now: Date): Schedule => ({
  ...before,
  revision: before.revision + 1,
  version: before.version + 1,
  updatedAt: now.toISOString(),
})

const nextTime = (timing: Timing, now: Date): string | undefined => {
  const next = nextOccurrence(timing, now.getTime())
  return next && new Date(next.at).toISOString()
}

type Checked =
  | { readonly ok: true; readonly timing: Timing }
  | { readonly ok: false; readonly errors: readonly FieldError[] }

/** `retimed`: an expression that was accepted once may have run out; only a new one must still come. */
function check(definition: Definition, now: Date, retimed = true): Checked {
  const errors = [...payloadErrors(definition.target), ...overlapErrors(definition)]
  const parsed = parseTiming(definition)
  const fault = parsed.ok ? retimed && timingFault(parsed.timing, now.getTime()) : parsed.fault
  if (fault) errors.push(timingError(fault))
  else if (parsed.ok) errors.push(...jitterErrors(definition, parsed.timing, now))
  if (!parsed.ok || errors.length > 0) return { ok: false, errors }
  return { ok: true, timing: parsed.timing }
}

export const timingError = ({ field, code, detail }: TimingFault): FieldError => ({
  pointer: `/${field}`,
  code,
  detail,
})

/** An event is over when it is sent: there is nothing that the next one could overlap. */
function overlapErrors({ overlapPolicy = 'allow', target }: Definition): readonly FieldError[] {
  if (overlapPolicy === 'allow' || target.type === 'task') return []
  return [{ pointer: '/overlapPolicy', code: 'no_task', detail: `expected allow for an event, got ${overlapPolicy}` }]
}

/** Spread further than its times are apart, a schedule would be late for ever. */
function jitterErrors({ jitterSeconds = 0 }: Definition, timing: Timing, now: Date): readonly FieldError[] {
  if (jitterSeconds * SECOND < shortestPeriod(timing, now.getTime())) return []
  const detail = `expected less than the time between two runs, got ${jitterSeconds} seconds`
  return [{ pointer: '/jitterSeconds', code: 'too_long', detail }]
}

function payloadErrors(target: Target): FieldError[] {
  const field = target.type === 'task' ? 'input' : 'data'
  const bytes = Buffer.byteLength(JSON.stringify(target.type === 'task' ? target.input : target.data))
  if (bytes <= MAX_PAYLOAD_BYTES) return []
  const detail = `expected at most ${MAX_PAYLOAD_BYTES} bytes as JSON, got ${bytes}`
  return [{ pointer: `/target/${field}`, code: 'too_large', detail }]
}
