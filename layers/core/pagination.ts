/** What every list takes and gives: `?limit=&cursor=` → `{ items, nextCursor }`. */
import * as z from 'zod'
import { type Cursors, MAX_CURSOR_LENGTH } from './cursor.ts'

export const DEFAULT_PAGE_SIZE = 25
/** 100 objects of a few kB stay far below DynamoDB's 1 MB page and Lambda's 6 MB answer. */
export const MAX_PAGE_SIZE = 100

const shortened = (input: unknown): string => String(input).slice(0, 20)

/** Spread into a route's query schema. */
export const pageParameters = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, { error: ({ input }) => `expected a whole number, got ${JSON.stringify(shortened(input))}` })
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_PAGE_SIZE))
    .default(DEFAULT_PAGE_SIZE)
    .meta({ type: 'integer', minimum: 1, maximum: MAX_PAGE_SIZE, description: 'How many items at most.' }),
  cursor: z
    .string()
    .min(1)
    .max(MAX_CURSOR_LENGTH)
    .optional()
    .meta({ description: 'The `nextCursor` of the page before.' }),
}

/** A page of `item`. `nextCursor` is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item).max(MAX_PAGE_SIZE),
    nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  })

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
