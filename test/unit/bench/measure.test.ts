import { describe, expect, it } from 'vitest'
import { phasesOf } from '../../../bench/clone.ts'
import { median, percentile, table, until } from '../../../bench/measure.ts'

describe('median', () => {
  it.each([
    [[3], 3],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  it('of nothing is an error', () => {
    expect(() => median([])).toThrow('expected at least one value, got none')
  })
})

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)

  it.each([
    [0.9, 90],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('%d of 1 to 100 is %d', (fraction, expected) => {
    expect(percentile(hundred, fraction)).toBe(expected)
  })

  it('takes the next rank where there is none in between', () => {
    expect(percentile([1, 2, 3], 0.5)).toBe(2)
  })

  it('leaves the values as they are', () => {
    const values = [2, 1]
    percentile(values, 0.5)
    expect(values).toEqual([2, 1])
  })
})

describe('table', () => {
  it('puts words to the left and numbers to the right, and leaves gaps where a row has nothing', () => {
    expect(
      table([
        { what: 'a', 'took (ms)': 1.5 },
        { what: 'longer', 'took (ms)': 100, note: 'x' },
      ]),
    ).toBe(
      [
        '| what   | took (ms) | note |',
        '| ------ | --------: | ---- |',
        '| a      |       1.5 |      |',
        '| longer |       100 | x    |',
      ].join('\n'),
    )
  })
})

describe('until', () => {
  it('gives the first answer that there is', async () => {
    const answers = [undefined, false, 'there'] as const
    let asked = 0
    const answer = await until('it', async () => answers[asked++], { withinMs: 1_000, everyMs: 1 })
    expect([answer, asked]).toEqual(['there', 3])
  })

  it('says what it waited for when the time is up', async () => {
    await expect(until('the sun', async () => undefined, { withinMs: 5, everyMs: 1 })).rejects.toThrow(
      'expected the sun within 5 ms',
    )
  })
})

describe('phasesOf', () => {
  it('reads the steps that ended, each once, in seconds', () => {
    const output = [
      '… Node packages 5.0 s',
      '✓ Node packages 57.1 s',
      '  Platform created 0.8 s',
      '✓ Deploy Platform, Links 1 min 05 s',
      'Backlot is ready',
    ].join('\n')
    expect(phasesOf(output)).toEqual([
      { title: 'Node packages', seconds: 57.1 },
      { title: 'Deploy Platform, Links', seconds: 65 },
    ])
  })
})
