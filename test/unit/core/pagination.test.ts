import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { MAX_CURSOR_LENGTH } from '#core/cursor.ts'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, pageOf, pageParameters } from '#core/pagination.ts'

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
