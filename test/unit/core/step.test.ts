import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { Problem } from '#core/problem.ts'
import { stepHandler } from '#core/step.ts'
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from './doubles.ts'

function setUp(handle: (input: { rows: number }) => Promise<unknown> = async ({ rows }) => ({ good: rows })) {
  const output = logLines()
  const handler = stepHandler({
    name: 'test/validate',
    clock: clockAt(NOW),
    random: countingRandom(),
    writeLog: output.write,
    input: z.object({ rows: z.int() }),
    output: z.object({ good: z.int() }),
    handle: handle as (input: { rows: number }) => Promise<{ good: number }>,
  })
  return { output, run: (event: unknown) => handler(event, lambdaContext()) }
}

/** What Step Functions matches `ErrorEquals` against. */
const errorType = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof Error ? error.name : 'no error object'),
  )

describe('a step', () => {
  it('gives the checked output for the checked input', async () => {
    const { run, output } = setUp(async ({ rows }) => ({ good: rows, internal: true }))
    expect(await run({ rows: 3 })).toEqual({ good: 3 })
    expect(output.lines).toMatchObject([{ function: 'test/validate', level: 'info' }])
  })

  it('fails with InvalidInput, and what is wrong with it', async () => {
    const { run } = setUp()
    expect(await errorType(run({ rows: 'x' }))).toBe('InvalidInput')
    await expect(run({ rows: 'x' })).rejects.toThrow('/rows: expected a number, got "x"')
    await expect(run(undefined)).rejects.toThrow('/: expected an object, got nothing')
  })

  it('fails with InvalidOutput rather than hand on nonsense', async () => {
    expect(await errorType(setUp(async () => ({ good: 'x' })).run({ rows: 1 }))).toBe('InvalidOutput')
  })

  it.each([
    [new Problem('not_found', 'no such run'), 'NotFound'],
    [Object.assign(new Error('x'), { name: 'ThrottlingException' }), 'DependencyUnavailable'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'DependencyUnavailable'],
    [Object.assign(new Error('x'), { name: 'ThresholdExceeded' }), 'ThresholdExceeded'],
    [new TypeError('bug'), 'TypeError'],
  ])('fails with a name that Retry and Catch can match: %o', async (error, name) => {
    const { run, output } = setUp(async () => {
      throw error
    })
    expect(await errorType(run({ rows: 1 }))).toBe(name)
    expect(output.lines[0]?.['error']).toMatchObject({ name })
  })
})
