/** Lists that are read from several partitions at once, each sorted the same way. Pure. */

export interface PartitionPage<Item> {
  readonly items: readonly Item[]
  /** Where reading stopped; undefined at the end of the partition. */
  readonly stoppedAt: string | undefined
}

export interface MergedPage<Item> {
  readonly items: readonly Item[]
  /** The position behind which the next page begins; undefined when there is nothing more. */
  readonly next: string | undefined
}

/**
 * One page out of the partitions' pages, by falling position. What lies behind the point where some partition stopped is
 * left to the next page: that partition may hold items before it. So a page can have fewer items than asked for, or none,
 * and still have a next one; what it never has is a gap.
 */
export function mergePages<Item>(
  pages: readonly PartitionPage<Item>[],
  limit: number,
  positionOf: (item: Item) => string,
): MergedPage<Item> {
  const stops = pages.flatMap(({ stoppedAt }) => stoppedAt ?? [])
  const boundary = stops.reduce<string | undefined>(
    (high, at) => (high === undefined || at > high ? at : high),
    undefined,
  )
  const sorted = pages
    .flatMap(({ items }) => items)
    .filter((item) => boundary === undefined || positionOf(item) >= boundary)
    .sort((a, b) => (positionOf(a) < positionOf(b) ? 1 : -1))
  const items = sorted.slice(0, limit)
  const last = items.at(-1)
  if (sorted.length > limit && last !== undefined) return { items, next: positionOf(last) }
  return { items, next: boundary }
}
