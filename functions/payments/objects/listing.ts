/** A page of any list of payments, with its cursor: `?limit=&cursor=` → `{ items, nextCursor }`. */
import type { Cursors } from '#core/cursor.ts'
import { type AnsweredPage, answerPage, type PageQuery } from '#core/pagination.ts'
import { listPositionOf, listSortKey } from '../payments-keys.ts'
import type { Listed, ListPosition, ListRange } from './objects.store.ts'

/**
 * @param scope the route, the workspace, the filters: a cursor is good for this list alone
 * @param positionOf where a row stands in its index
 */
export const pageOfRows = <Row>(
  cursors: Cursors,
  scope: readonly string[],
  query: PageQuery,
  read: (range: ListRange) => Promise<Listed<Row>>,
  positionOf: (row: Row) => ListPosition,
): Promise<AnsweredPage<Row>> =>
  answerPage(cursors, scope, query, async (limit, key) => {
    const { items, hasMore } = await read({ limit, after: key === undefined ? undefined : listPositionOf(key) })
    const last = items.at(-1)
    if (!hasMore || last === undefined) return { items }
    const { createdAt, id } = positionOf(last)
    return { items, next: listSortKey(createdAt, id) }
  })
