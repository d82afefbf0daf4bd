/** Hints → runs, each occurrence once. The decision is in `firing.ts`. */
import { isUnavailable } from '#core/dependency.ts'
import type { InvocationLog } from '#core/log.ts'
import type { SqsMessage } from '#core/sqs.ts'
import { hasRun, type Schedule, TICK_AHEAD_MS } from '../schedule.ts'
import { dueItemOf } from '../schedule-keys.ts'
import type { SchedulesStore } from '../schedules.store.ts'
import { decideFiring } from './firing.ts'
import type { Hint } from './hint.ts'
import type { SendHints } from './hints.store.ts'
import { hintOf } from './tick.ts'

export interface FireServices {
  readonly schedules: Pick<SchedulesStore, 'change'>
  readonly sendHints: SendHints
  readonly now: () => Date
  /** The version of the runtime's tz database. */
  readonly tzdata: string
}

/** @returns the ids of the messages that shall come back */
export async function fireAll(
  messages: readonly SqsMessage<Hint>[],
  services: FireServices,
  log: InvocationLog,
): Promise<readonly string[]> {
  const failed = await Promise.all(
    messages.map(async (message) => {
      try {
        await fire(message, services, log)
        return []
      } catch (error) {
        log.fail(error, isUnavailable(error) ? 'warn' : 'error')
        return [message.id]
      }
    }),
  )
  return failed.flat()
}

async function fire({ body, receiveCount }: SqsMessage<Hint>, services: FireServices, log: InvocationLog) {
  const ref = { workspaceId: body.workspaceId, id: body.scheduleId }
  let last: Schedule | undefined
  const changed = await services.schedules.change(ref, (before) => {
    last = before
    const firing = decideFiring(before, body, services.now(), services.tzdata)
    return firing.kind === 'fire' ? firing : { refusal: firing.kind }
  })
  switch (changed.kind) {
    case 'done':
      log.metric('firedRuns', changed.runs.filter(hasRun).length)
      await hintIfSoon(changed.schedule, services)
      return
    case 'unknown':
      log.metric('staleHints', 1)
      return
    case 'refused':
      log.metric(changed.refusal === 'early' ? 'earlyHints' : 'staleHints', 1)
      // Early: a clock that is behind. A second try: the first may have fired and died before it told what is next.
      if (last !== undefined && (changed.refusal === 'early' || receiveCount > 1)) await hintIfSoon(last, services)
      return
    case 'contended':
      throw new Error(`expected to change the schedule ${ref.id}, others did each time`)
  }
}

/** What is due before the next tick has looked is told at once. Everything else is the tick's. */
export async function hintIfSoon(
  schedule: Schedule,
  { sendHints, now }: Pick<FireServices, 'sendHints' | 'now'>,
): Promise<void> {
  const due = dueItemOf(schedule)
  const at = now()
  if (due !== undefined && Date.parse(due.dueAt ?? due.nextAt) <= at.getTime() + TICK_AHEAD_MS)
    await sendHints([hintOf(due, at)], at)
}
