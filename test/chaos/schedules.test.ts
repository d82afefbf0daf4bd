import { inject, it } from 'vitest'
import { MINUTE } from '../../layers/core/clock.ts'
import { run } from './schedules.ts'

/** Short: the withheld ones are told late, but not so late that their times count as missed. */
it(
  '100 schedules that are due within a minute run once each, whatever their ticks do',
  async () => {
    await run({ outputs: inject('outputs'), times: 1, schedules: 100, withheldMs: 0 })
  },
  4 * MINUTE,
)
