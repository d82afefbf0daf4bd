/**
 * What happens with a time that comes while the task of an earlier run goes on. Pure.
 *
 *   allow        it runs beside it
 *   skip         it is let go
 *   buffer-one   the first one waits until the task is over, others are let go
 *
 * That a run goes on is a lease: it ends when the task does, as its event tells, or after `HOLD_MS`, so that an event
 * that is lost for good stops a schedule for a day and not for ever.
 */
import { DAY } from '#core/clock.ts'
import { type BufferedTime, type Going, occurrenceId, type RunKind, type Schedule } from '../schedule.ts'

/** A task with retries may take days; who asks for no overlap asks for work that is done in less than its period. */
export const HOLD_MS = DAY

export interface ChosenTime {
  /** Nominal, in epoch milliseconds. */
  readonly at: number
  readonly kind: RunKind
  readonly missed: number
  /** Of one that waited; the others were dispatched now. */
  readonly dispatchedAt?: string | undefined
}

export interface Passed {
  readonly times: readonly ChosenTime[]
  readonly going: Going | undefined
  readonly buffered: BufferedTime | undefined
}

export const goingOn = (schedule: Pick<Schedule, 'id'>, nominalAt: string, now: Date): Going => ({
  runId: occurrenceId(schedule.id, nominalAt),
  until: new Date(now.getTime() + HOLD_MS).toISOString(),
})

/** Of the times that are to run, those that may; each that may not is `skipped`, or waits. */
export function passOverlap(
  schedule: Schedule,
  times: readonly ChosenTime[],
  run: { readonly dispatchedAt: string },
  now: Date,
): Passed {
  const { overlapPolicy = 'allow' } = schedule
  if (overlapPolicy === 'allow') return { times, going: undefined, buffered: undefined }
  let going =
    schedule.going !== undefined && Date.parse(schedule.going.until) > now.getTime() ? schedule.going : undefined
  let buffered = going === undefined ? undefined : schedule.buffered
  const waited = going === undefined && schedule.buffered !== undefined ? [timeOf(schedule.buffered)] : []
  const passed: ChosenTime[] = []
  for (const time of [...waited, ...times]) {
    const nominalAt = new Date(time.at).toISOString()
    if (time.kind === 'missed') passed.push(time)
    else if (going === undefined) {
      passed.push(time)
      going = goingOn(schedule, nominalAt, now)
    } else if (overlapPolicy === 'buffer-one' && buffered === undefined)
      buffered = { nominalAt, missed: time.missed, dispatchedAt: run.dispatchedAt }
    else passed.push({ ...time, kind: 'skipped', missed: time.missed + 1 })
  }
  return { times: passed, going, buffered }
}

const timeOf = ({ nominalAt, missed, dispatchedAt }: BufferedTime): ChosenTime => ({
  at: Date.parse(nominalAt),
  kind: 'buffered',
  missed,
  dispatchedAt,
})
