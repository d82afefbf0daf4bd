/** The next times of an expression, with every jump of the clock that lies between them, explained in words. Pure. */
import { DAY, MINUTE } from '#core/clock.ts'
import { type DstMark, type DstPolicy, type Occurrence, wallsWithin } from './dst.ts'
import type { Timing } from './timing.ts'
import { formatOffset, formatWall, type Span } from './zone.ts'

export interface PreviewItem {
  readonly at: string
  readonly local: string
  readonly offset: string
  readonly dst?: { readonly kind: 'gap' | 'overlap'; readonly explanation: string }
}

export interface PreviewTransition {
  readonly kind: 'gap' | 'overlap'
  /** The first instant of the new offset. */
  readonly at: string
  readonly offsetBefore: string
  readonly offsetAfter: string
  /** The wall times that are left out, or come twice: from, up to but without. */
  readonly localFrom: string
  readonly localTo: string
  /** How many wall times of the expression are touched; capped. */
  readonly affected: number
  readonly explanation: string
}

export interface Preview {
  readonly items: readonly PreviewItem[]
  readonly transitions: readonly PreviewTransition[]
}

/** Of one jump. Beyond it the number says "as many or more". */
export const MAX_AFFECTED = 100
/** Of one preview: eight years of two a year, and some for zones that jump more often. */
const MAX_TRANSITIONS = 50

export function previewOf(timing: Timing, from: number, count: number): Preview {
  const found: Occurrence[] = []
  for (const occurrence of timing.occurrences(from)) if (found.push(occurrence) >= count) break
  const last = found.at(-1)?.at ?? from
  // A skipped time lies behind the last one that happens, when it is the next.
  const transitions = spansBetween(timing, from, last + DAY).map((span) => transitionOf(span, timing))
  return { items: found.map((occurrence) => itemOf(occurrence, timing.dst)), transitions }
}

/** The spans that begin in the time, by a jump of the clock. */
function spansBetween({ zone }: Timing, from: number, until: number): readonly Span[] {
  const spans: Span[] = []
  for (let span = zone.spanAt(from); span.to <= until && spans.length < MAX_TRANSITIONS; ) {
    span = zone.spanAt(span.to)
    if (span.offset !== span.offsetBefore) spans.push(span)
  }
  return spans
}

function itemOf({ at, wall, offset, mark }: Occurrence, policy: DstPolicy): PreviewItem {
  const item = { at: iso(at), local: formatWall(at + offset), offset: formatOffset(offset) }
  return mark === undefined ? item : { ...item, dst: { kind: mark.kind, explanation: explain(mark, wall, policy) } }
}

function explain(mark: DstMark, wall: number, { gap, overlap }: DstPolicy): string {
  if (mark.kind === 'gap') {
    const moved = `${formatWall(wall)} does not exist: clocks go forward by ${shift(mark.span)}`
    if (gap === 'shift') return `${moved}. It happens as much later (gap: shift).`
    const others = mark.count > 1 ? ` It stands for ${mark.count} times of the gap.` : ''
    return `${moved}. It happens at the first time that exists again (gap: next-valid).${others}`
  }
  const twice = `${formatWall(wall)} comes twice: clocks go back`
  if (overlap === 'both') return `${twice}. This is the ${mark.pass} time (overlap: both).`
  return `${twice}. It happens the ${mark.pass} time only (overlap: ${overlap}).`
}

const shift = ({ offset, offsetBefore }: Span): string => `${Math.abs(offset - offsetBefore) / MINUTE} minutes`

function transitionOf(span: Span, { walls, dst }: Timing): PreviewTransition {
  const { from, offset, offsetBefore } = span
  const kind = offset > offsetBefore ? 'gap' : 'overlap'
  const [low, high] = kind === 'gap' ? [from + offsetBefore, from + offset] : [from + offset, from + offsetBefore]
  let affected = 0
  if (walls !== undefined) for (const _ of wallsWithin(walls, low, high)) if (++affected >= MAX_AFFECTED) break
  return {
    kind,
    at: iso(from),
    offsetBefore: formatOffset(offsetBefore),
    offsetAfter: formatOffset(offset),
    localFrom: formatWall(low),
    localTo: formatWall(high),
    affected,
    explanation: `${jump(kind, span, low, high)} ${effect(kind, affected, dst)}`,
  }
}

const jump = (kind: 'gap' | 'overlap', span: Span, low: number, high: number): string =>
  kind === 'gap'
    ? `Clocks go forward by ${shift(span)}, from ${formatWall(low)} to ${formatWall(high)}.`
    : `Clocks go back by ${shift(span)}, from ${formatWall(high)} to ${formatWall(low)}.`

const GAP_EFFECTS = {
  skip: 'are skipped (gap: skip)',
  'next-valid': 'happen once, at the first time that exists again (gap: next-valid)',
  shift: 'happen as much later (gap: shift)',
} as const
const OVERLAP_EFFECTS = {
  first: 'happen the first time only (overlap: first)',
  last: 'happen the second time only (overlap: last)',
  both: 'happen both times (overlap: both)',
} as const

function effect(kind: 'gap' | 'overlap', affected: number, { gap, overlap }: DstPolicy): string {
  if (affected === 0) return 'No time of this expression is touched.'
  const many = affected >= MAX_AFFECTED ? `${MAX_AFFECTED} or more` : String(affected)
  return `Times touched: ${many}; they ${kind === 'gap' ? GAP_EFFECTS[gap] : OVERLAP_EFFECTS[overlap]}.`
}

const iso = (at: number): string => new Date(at).toISOString()
