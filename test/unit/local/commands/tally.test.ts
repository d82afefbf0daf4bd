import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startVitest } from 'vitest/node'
import { closingLine, readClosingLine, readFailures, Tally } from '../../../../local/commands/tally.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backlot-tally-'))
})
afterEach(() => rm(root, { recursive: true }))

/** Runs real test files with vitest itself; without imports, because the folder has no node_modules. */
async function tallyOf(files: Record<string, string>): Promise<Tally> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  const tally = new Tally()
  const before = process.exitCode
  const vitest = await startVitest('test', [], { root, config: false, watch: false, globals: true, reporters: [tally] })
  await vitest.close()
  // A failing run marks the whole process as failed; here it is the subject.
  process.exitCode = before
  return tally
}

test('counts passed, failed and skipped tests over all files, and names what failed', async () => {
  const { count, failures } = await tallyOf({
    'a.test.js': `test('1', () => {}); test('2', () => { throw new Error('x\\ny') }); test.skip('3', () => {})`,
    'b.test.js': `describe('in', () => { test('4', () => {}) }); test.todo('5')`,
  })
  expect(count).toEqual({ passed: 2, failed: 1, skipped: 2 })
  expect(failures).toEqual(['✗ a.test.js > 2: x'])
})

test('counts what breaks outside the tests: a file that does not load, a hook', async () => {
  const { count, failures } = await tallyOf({
    'a.test.js': `throw new Error('does not load')`,
    'b.test.js': `describe('in', () => { beforeAll(() => { throw new Error('hook') }); test('never runs', () => {}) })`,
  })
  expect(count).toMatchObject({ passed: 0, failed: 2 })
  expect(failures.toSorted()).toEqual(['✗ a.test.js: does not load', '✗ b.test.js > in: hook'])
})

test('counts an error that no test waited for', async () => {
  const { count, failures } = await tallyOf({
    'a.test.js': `test('1', async () => { Promise.reject(new Error('lost')); await new Promise(setImmediate) })`,
  })
  expect(count).toMatchObject({ passed: 1, failed: 1 })
  expect(failures).toEqual(['✗ an error that no test waited for: lost'])
})

test('reads back the last closing line of an output', () => {
  const count = { passed: 12, failed: 1, skipped: 3 }
  expect(readClosingLine(`1 passed, 0 failed\nnoise\n${closingLine(count)}\n`)).toEqual(count)
  expect(readClosingLine(closingLine({ ...count, skipped: 0 }))).toEqual({ ...count, skipped: 0 })
  expect(readClosingLine('it ended early')).toBeUndefined()
})

test('reads back the failures of an output', () => {
  expect(readFailures('✓ fine\n  ✗ of a test\n✗ a.test.ts > 1: x\n0 passed, 1 failed\n')).toEqual([
    '✗ a.test.ts > 1: x',
  ])
})
