import { expect, inject, it } from 'vitest'
import { run } from './auth.ts'

it('of 50 who use one refresh token, or one link of a mail, at the same moment one wins', async () => {
  const result = await run({ outputs: inject('outputs'), form: 'short' })
  expect(result).toEqual({ refreshWinners: [1], redemptionWinners: [1] })
}, 180_000)
