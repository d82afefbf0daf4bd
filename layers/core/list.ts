/** Pages of lists: `?limit=&cursor=` → `{ items, nextCursor }`. */
import type { Cursors } from './cursor.ts'

export interface PageQuery {
  /** Items on the page at most. */
  readonly limit: number
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Behind which the next page begins; undefined on the last one. */
  readonly next?: string | number | undefined
}

/** Reads at most `limit` items that come after `after`, from the first one when that is undefined. */
export type ReadPage<Item> = (limit: number, after: string | undefined) => Promise<Page<Item>>

export interface AnsweredPage<Item> {
  items: Item[]
  /** Null on the last page. */
  nextCursor: string | null
}

/**
 * @param scope the route, the workspace, the filters: a cursor is good for this list alone
 * @throws Problem `invalid_cursor`
 */
export async function answerPage<Item>(
  cursors: Cursors,
  scope: readonly string[],
  { limit, cursor }: PageQuery,
  read: ReadPage<Item>,
): Promise<AnsweredPage<Item>> {
  const { after } = cursor === undefined ? {} : await cursors.open(scope, cursor)
  const { items, next } = await read(limit, after === undefined ? undefined : String(after))
  return { items: [...items], nextCursor: next === undefined ? null : await cursors.seal(scope, { after: next }) }
}

/** For lists that say nothing of a next page: one item more than the page has tells whether there is one. */
export const withOneMore =
  <Item extends { readonly id: string }>(
    read: (limit: number, after: string | undefined) => Promise<readonly Item[]>,
  ): ReadPage<Item> =>
  async (limit, after) => {
    const found = await read(limit + 1, after)
    const items = found.slice(0, limit)
    return { items, next: found.length > limit ? items.at(-1)?.id : undefined }
  }
