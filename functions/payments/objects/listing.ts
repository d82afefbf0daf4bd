/** A page of any list of payments, with its cursor: `?limit=&cursor=` → `{ items, nextCursor }`. */
import type { Cursors } from '#core/cursor.ts'
import type { Listed, ListPosition, ListRange } from './objects.store.ts'

export interface PageQuery {
  readonly limit: number
  readonly cursor?: string | undefined
}

/**
 * @param scope the route, the workspace, the filters: a cursor is good for this list alone
 * @param positionOf where a row stands in its index
 */
export async function pageOfRows<Row>(
  cursors: Cursors,
  scope: readonly string[],
  { limit, cursor }: PageQuery,
  read: (range: ListRange) => Promise<Listed<Row>>,
  positionOf: (row: Row) => ListPosition,
): Promise<{ readonly items: readonly Row[]; readonly nextCursor: string | null }> {
  const after = cursor === undefined ? undefined : ((await cursors.open(scope, cursor)) as unknown as ListPosition)
  const { items, hasMore } = await read({ limit, after })
  const last = items.at(-1)
  if (!hasMore || last === undefined) return { items, nextCursor: null }
  const { createdAt, id } = positionOf(last)
  return { items, nextCursor: await cursors.seal(scope, { createdAt, id }) }
}
