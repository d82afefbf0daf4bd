/** The short form of test/chaos/tasks.ts. */
import { expect, inject, it } from 'vitest'
import { MINUTE } from '../../layers/core/clock.ts'
import { run } from './tasks.ts'

it('500 tasks are done once each, although runners are killed and messages duplicated', {
  timeout: 5 * MINUTE,
}, async () => {
  await expect(run({ outputs: inject('outputs'), times: 1, tasks: 500, kills: 2 })).resolves.toBeUndefined()
})
