import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createCursors, MAX_CURSOR_LENGTH } from '#core/cursor.ts'
import {
  answerPage,
  DEFAULT_PAGE_SIZE,
  MAX_PAGE_SIZE,
  pageOf,
  pageParameters,
  type ReadPage,
  withOneMore,
} from '#core/pagination.ts'

const parameters = z.object(pageParameters)

describe('page parameters', () => {
  it('have a default, and limits that hold', () => {
    expect(parameters.parse({})).toEqual({ limit: DEFAULT_PAGE_SIZE })
    expect(parameters.parse({ limit: '1' }).limit).toBe(1)
    expect(parameters.parse({ limit: String(MAX_PAGE_SIZE) }).limit).toBe(MAX_PAGE_SIZE)
  })

  it.each(['0', String(MAX_PAGE_SIZE + 1), '-1', '1.5', '1e1', '0x10', ' 5', '', 'ten', '９'])(
    'refuse the limit %j',
    (limit) => {
      expect(parameters.safeParse({ limit }).success).toBe(false)
    },
  )

  it('say what came', () => {
    expect(parameters.safeParse({ limit: 'ten' }).error?.issues[0]?.message).toBe('expected a whole number, got "ten"')
  })

  it('take a cursor of the length that cursors have, and not one more', () => {
    expect(parameters.safeParse({ cursor: 'x'.repeat(MAX_CURSOR_LENGTH) }).success).toBe(true)
    expect(parameters.safeParse({ cursor: 'x'.repeat(MAX_CURSOR_LENGTH + 1) }).success).toBe(false)
    expect(parameters.safeParse({ cursor: '' }).success).toBe(false)
  })
})

describe('a page', () => {
  const page = pageOf(z.object({ id: z.string() }))

  it('has items and the next cursor, null on the last page', () => {
    expect(page.parse({ items: [{ id: 'a' }], nextCursor: null })).toEqual({ items: [{ id: 'a' }], nextCursor: null })
    expect(page.safeParse({ items: [] }).success).toBe(false)
  })
})

const cursors = createCursors(async () => new Uint8Array(32))
const SCOPE = ['listThings', 'wsp_1']
const THINGS = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }))

/** Of a store that reads in the order of ids. */
const read = withOneMore(async (limit, after = '') => THINGS.filter(({ id }) => id > after).slice(0, limit))

async function all(limit: number, readPage: ReadPage<{ id: string }> = read): Promise<string[][]> {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await answerPage(cursors, SCOPE, { limit, cursor }, readPage)
    pages.push(items.map(({ id }) => id))
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined)
  return pages
}

describe('answerPage', () => {
  it.each([
    [2, [['a', 'b'], ['c', 'd'], ['e']]],
    [4, [['a', 'b', 'c', 'd'], ['e']]],
    [5, [['a', 'b', 'c', 'd', 'e']]],
    [6, [['a', 'b', 'c', 'd', 'e']]],
  ])('with a limit of %i has every item once, and no empty last page', async (limit, pages) => {
    expect(await all(limit)).toEqual(pages)
  })

  it('is one empty page when there is nothing', async () => {
    expect(await answerPage(cursors, SCOPE, { limit: 2 }, async () => ({ items: [] }))).toEqual({
      ...{ items: [], nextCursor: null },
    })
  })

  it('goes on by a number, too', async () => {
    const byNumber: ReadPage<number> = async (limit, skip = '0') => {
      const items = [0, 1, 2].slice(Number(skip), Number(skip) + limit)
      return { items, next: Number(skip) + limit < 3 ? Number(skip) + limit : undefined }
    }
    const first = await answerPage(cursors, SCOPE, { limit: 2 }, byNumber)
    const second = await answerPage(cursors, SCOPE, { limit: 2, cursor: first.nextCursor ?? '' }, byNumber)
    expect([first.items, second]).toEqual([[0, 1], { items: [2], nextCursor: null }])
  })

  it('refuses the cursor of another list', async () => {
    const { nextCursor } = await answerPage(cursors, SCOPE, { limit: 2 }, read)
    const other = answerPage(cursors, ['listThings', 'wsp_2'], { limit: 2, cursor: nextCursor ?? '' }, read)
    await expect(other).rejects.toMatchObject({ code: 'invalid_cursor' })
  })
})
