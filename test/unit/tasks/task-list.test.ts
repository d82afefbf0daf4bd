import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergePages } from '../../../functions/tasks/requests/task-list.ts'

it('a list over several partitions has no gap and no duplicate, however it is paged', () => {
  const partitions = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 999 }), { maxLength: 30 }), { maxLength: 6 })
  fc.assert(
    fc.property(partitions, fc.integer({ min: 1, max: 10 }), (lists, limit) => {
      const all = lists.map((list, index) =>
        list.map((n) => `${String(n).padStart(3, '0')}#${index}`).sort((a, b) => (a < b ? 1 : -1)),
      )
      const seen: string[] = []
      let after: string | undefined
      do {
        const pages = all.map((list) => {
          const rest = list.filter((item) => after === undefined || item < after)
          const items = rest.slice(0, limit)
          // As DynamoDB does: a page that is full may have been the last one.
          return { items, stoppedAt: items.length === limit ? items.at(-1) : undefined }
        })
        const merged = mergePages(pages, limit, (item) => item)
        seen.push(...merged.items)
        after = merged.next
      } while (after !== undefined)
      expect(seen).toEqual(all.flat().sort((a, b) => (a < b ? 1 : -1)))
    }),
  )
})
