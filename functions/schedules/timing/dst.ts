/**
 * When wall times happen: the rules for clocks that jump. Everything about daylight saving time is decided here and
 * nowhere else; whoever gives the wall times knows nothing of zones. Pure.
 *
 *   gap      wall 02:00–03:00 is left out      skip        not at all
 *            01:59:59 ─► 03:00:00              next-valid  once at 03:00, however many wall times fell into the gap
 *                                              shift       as late as if the clock had not moved: 02:30 is at 03:30
 *
 *   overlap  wall 02:00–03:00 comes twice      first       the first time round
 *            02:59:59 ─► 02:00:00              last        the second time round
 *                                              both        both
 */
import { MAX_SHIFT_MS, type Span, type Zone } from './zone.ts'

export const GAP_POLICIES = ['skip', 'next-valid', 'shift'] as const
export const OVERLAP_POLICIES = ['first', 'last', 'both'] as const

export interface DstPolicy {
  readonly gap: (typeof GAP_POLICIES)[number]
  readonly overlap: (typeof OVERLAP_POLICIES)[number]
}

/** What an owner says about it; the rest follows the expression. */
export type DstChoice = { readonly [Part in keyof DstPolicy]?: DstPolicy[Part] | undefined }

export const policyOf = (
  usual: DstPolicy,
  { gap = usual.gap, overlap = usual.overlap }: DstChoice = {},
): DstPolicy => ({
  gap,
  overlap,
})

/** Work at a time of day ("at 02:30"): done once on every day. */
export const FIXED_TIME_POLICY: DstPolicy = { gap: 'next-valid', overlap: 'first' }
/** Work every so often ("each half hour"): what is even stays even, so the missing times are no loss and the repeated ones are due. */
export const REPEATING_POLICY: DstPolicy = { gap: 'skip', overlap: 'both' }

/** The wall times that an expression means, in no zone. */
export interface WallTimes {
  /** The first one behind `wall`, or undefined when there is none within the horizon. */
  after(wall: number): number | undefined
}

export type DstMark =
  /** The wall time doesn't exist; this happens in its place. `count` wall times of the gap happen at this instant. */
  | { readonly kind: 'gap'; readonly span: Span; readonly count: number }
  | { readonly kind: 'overlap'; readonly pass: 'first' | 'second'; readonly span: Span }

export interface Occurrence {
  /** The instant, in milliseconds since the epoch. */
  readonly at: number
  /** The wall time that was meant. In a gap it is not what a clock shows at `at`. */
  readonly wall: number
  readonly offset: number
  readonly mark?: DstMark
}

/** All occurrences behind `after`, up to and including `until`, each instant once, earliest first. Lazy. */
export function* occurrencesOf(
  times: WallTimes,
  zone: Zone,
  policy: DstPolicy,
  after: number,
  until: number,
): Generator<Occurrence> {
  let span = zone.spanAt(after)
  for (;;) {
    for (const occurrence of merged(ofGap(times, span, policy), ofSpan(times, span, policy, after))) {
      if (occurrence.at > until) return
      if (occurrence.at > after) yield occurrence
    }
    if (span.to > until) return
    // Years without an occurrence are passed in one step; not quite to the next one, for a gap may lie before it.
    const next = times.after(span.to + span.offset - MAX_SHIFT_MS)
    if (next === undefined) return
    span = zone.spanAt(Math.max(span.to, next - span.offset - 2 * MAX_SHIFT_MS))
  }
}

/** What happens in place of the wall times that the gap at the span's beginning left out. */
function* ofGap(times: WallTimes, span: Span, { gap }: DstPolicy): Generator<Occurrence> {
  const { from, offset, offsetBefore } = span
  if (offset <= offsetBefore || gap === 'skip') return
  const left = wallsWithin(times, from + offsetBefore, from + offset)
  if (gap === 'next-valid') {
    const walls = [...left]
    const [wall] = walls
    if (wall !== undefined) yield { at: from, wall, offset, mark: { kind: 'gap', span, count: walls.length } }
    return
  }
  for (const wall of left) yield { at: wall - offsetBefore, wall, offset, mark: { kind: 'gap', span, count: 1 } }
}

/** What happens at the wall times that clocks show during the span. */
function* ofSpan(times: WallTimes, span: Span, policy: DstPolicy, after: number): Generator<Occurrence> {
  const { from, to, offset } = span
  const secondPassEnd = from + Math.max(0, span.offsetBefore - offset)
  const firstPassStart = to - Math.max(0, offset - span.offsetAfter)
  const start = Math.max(from, after, policy.overlap === 'first' ? secondPassEnd : from)
  const end = policy.overlap === 'last' ? firstPassStart : to
  // At the span's own beginning its first instant counts; behind `after` it does not.
  const firstWall = start + offset - (start === after ? 0 : 1)
  for (let wall = times.after(firstWall); wall !== undefined && wall - offset < end; wall = times.after(wall)) {
    const at = wall - offset
    const mark = passOf(at, secondPassEnd, firstPassStart, span)
    yield { at, wall, offset, ...(mark !== undefined && { mark }) }
  }
}

function passOf(at: number, secondPassEnd: number, firstPassStart: number, span: Span): DstMark | undefined {
  if (at < secondPassEnd) return { kind: 'overlap', pass: 'second', span }
  return at >= firstPassStart ? { kind: 'overlap', pass: 'first', span } : undefined
}

/** The wall times in [from, to). */
export function* wallsWithin(times: WallTimes, from: number, to: number): Generator<number> {
  for (let wall = times.after(from - 1); wall !== undefined && wall < to; wall = times.after(wall)) yield wall
}

/** Two ordered sequences as one; of two at the same instant the one that tells more, the gap's. */
function* merged(gap: Iterator<Occurrence>, regular: Iterator<Occurrence>): Generator<Occurrence> {
  let a = gap.next()
  let b = regular.next()
  while (a.done !== true || b.done !== true) {
    const left = a.done === true ? undefined : a.value
    const right = b.done === true ? undefined : b.value
    if (left !== undefined && (right === undefined || left.at <= right.at)) {
      yield left
      if (right?.at === left.at) b = regular.next()
      a = gap.next()
    } else if (right !== undefined) {
      yield right
      b = regular.next()
    }
  }
}
