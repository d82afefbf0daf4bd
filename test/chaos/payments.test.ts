/** The short form of test/chaos/payments.ts. */
import { expect, inject, it } from 'vitest'
import { MINUTE } from '../../layers/core/clock.ts'
import { run } from './payments.ts'

it('200 webhooks, shuffled and doubled, end in the orders and the ledger of the model, although their consumer is killed', {
  timeout: 5 * MINUTE,
}, async () => {
  await expect(run({ outputs: inject('outputs'), times: 1, events: 200, kills: 2 })).resolves.toBeUndefined()
})
