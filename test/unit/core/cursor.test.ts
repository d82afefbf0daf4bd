import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCursors, MAX_CURSOR_LENGTH } from '#core/cursor.ts'
import { Problem } from '#core/problem.ts'

const cursors = createCursors(async () => new Uint8Array(32).fill(7))
const SCOPE = ['links', 'wsp_1']

const position = fc.dictionary(fc.string({ maxLength: 10 }), fc.oneof(fc.string({ maxLength: 30 }), fc.integer()), {
  maxKeys: 4,
  noNullPrototype: true,
})

const refused = async (scope: readonly string[], cursor: string): Promise<boolean> => {
  try {
    await cursors.open(scope, cursor)
    return false
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid_cursor') return true
    throw error
  }
}

describe('cursors', () => {
  it('give back the position they were made of', async () => {
    await fc.assert(
      fc.asyncProperty(position, async (where) => {
        const cursor = await cursors.seal(SCOPE, where)
        expect(cursor).toMatch(/^[\w-]+$/)
        expect(await cursors.open(SCOPE, cursor)).toEqual(where)
      }),
    )
  })

  it('are refused with any bit flipped', async () => {
    await fc.assert(
      fc.asyncProperty(position, fc.nat(), async (where, seed) => {
        const bytes = Buffer.from(await cursors.seal(SCOPE, where), 'base64url')
        const bit = seed % (bytes.length * 8)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(await refused(SCOPE, bytes.toString('base64url'))).toBe(true)
      }),
    )
  })

  // 30, 31 and 32 bytes: in base64, the last character then has 0, 4 and 2 bits that do not count.
  it.each(['lnk_1', 'lnk_12', 'lnk_123'])('are refused in any other spelling: %s', async (id) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const cursor = await cursors.seal(SCOPE, { id })
    const accepted: string[] = []
    for (const index of cursor.split('').keys())
      for (const character of alphabet) {
        const spelling = cursor.slice(0, index) + character + cursor.slice(index + 1)
        if (!(await refused(SCOPE, spelling))) accepted.push(spelling)
      }
    expect(new Set(accepted)).toEqual(new Set([cursor]))
    for (const spelling of [`${cursor}=`, ` ${cursor}`, `${cursor}\n`])
      expect(await refused(SCOPE, spelling)).toBe(true)
  })

  it('open only the list that gave them out', async () => {
    const cursor = await cursors.seal(SCOPE, { id: 'lnk_1' })
    for (const scope of [['links', 'wsp_2'], ['tasks', 'wsp_1'], ['linksw', 'sp_1'], ['links'], ['links', 'wsp_1', '']])
      expect(await refused(scope, cursor)).toBe(true)
    expect(await refused(SCOPE, cursor)).toBe(false)
  })

  it('open only under the key that sealed them', async () => {
    const others = createCursors(async () => new Uint8Array(32).fill(8))
    expect(await refused(SCOPE, await others.seal(SCOPE, { id: 'lnk_1' }))).toBe(true)
  })

  it('refuse any text, without an error of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        expect(await refused(SCOPE, text)).toBe(true)
      }),
    )
    expect(await refused(SCOPE, 'A'.repeat(MAX_CURSOR_LENGTH + 1))).toBe(true)
  })
})
