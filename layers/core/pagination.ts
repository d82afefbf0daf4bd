/** What every list takes and gives: `?limit=&cursor=` → `{ items, nextCursor }`. */
import * as z from 'zod'
import { MAX_CURSOR_LENGTH } from './cursor.ts'

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
