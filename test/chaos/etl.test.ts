import { inject, it } from 'vitest'
import { run } from './etl.ts'

/** The short form; `npm run chaos -- etl --times N` is the long one. */
it('the same file landed ten times is published once, a killed worker resumes to the same manifest, none is lost', async () => {
  await run({ outputs: inject('outputs'), times: 1 })
}, 300_000)
