import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { elapsed, silentProgress, terminalProgress } from '../../../local/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function fakeTerminal(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, written, write: (text: string) => written.push(text) }
}

test.each([
  [0, '0.0 s'],
  [1_449, '1.4 s'],
  [59_900, '59.9 s'],
  [60_000, '1 min 00 s'],
  [125_400, '2 min 05 s'],
])('%d ms are %s', (milliseconds, text) => {
  expect(elapsed(milliseconds)).toBe(text)
})

test('a log gets one plain line per step, and its result is passed on', async () => {
  const terminal = fakeTerminal(false)
  const times = [0, 1_500]
  const progress = terminalProgress(terminal, () => times.shift() ?? 0)
  expect(await progress.step('Set up', async () => 42)).toBe(42)
  expect(terminal.written).toEqual(['✓ Set up 1.5 s\n'])
})

test('a step that fails is marked, and its error passed on', async () => {
  const terminal = fakeTerminal(false)
  const progress = terminalProgress(terminal, () => 0)
  await expect(progress.step('Deploy', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(terminal.written).toEqual(['✗ Deploy 0.0 s\n'])
})

test('a log hears of a long step while it runs, with its latest detail', async () => {
  const terminal = fakeTerminal(false)
  const end = Promise.withResolvers<void>()
  const step = terminalProgress(terminal, () => 0).step('Install', (update) => {
    update('half')
    return end.promise
  })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(terminal.written).toEqual(['… Install half 0.0 s\n'])
  end.resolve()
  await step
  await vi.advanceTimersByTimeAsync(60_000)
  expect(terminal.written).toHaveLength(2)
})

test('a terminal shows a spinner that the result replaces', async () => {
  const terminal = fakeTerminal(true)
  const end = Promise.withResolvers<void>()
  const step = terminalProgress(terminal, () => 0).step('Install', () => end.promise)
  await vi.advanceTimersByTimeAsync(200)
  expect(terminal.written.length).toBeGreaterThan(1)
  expect(terminal.written.every((text) => text.startsWith('\r') && !text.endsWith('\n'))).toBe(true)
  end.resolve()
  await step
  expect(terminal.written.at(-1)).toMatch(/✓.*Install.*\n$/)
})

test('silence runs the step and writes nothing', async () => {
  silentProgress.line('unseen')
  expect(await silentProgress.step('x', async () => 1)).toBe(1)
})
