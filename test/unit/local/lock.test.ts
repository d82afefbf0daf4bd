import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAlive, withLock } from '../../../local/lock.ts'

let folder: string
let file: string
const options = { deadlineMs: 5_000 }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-lock-'))
  file = join(folder, 'deep', 'lock')
})
afterEach(() => rm(folder, { recursive: true }))

/** A process that has run and ended. */
const deadProcess = (): number => spawnSync(process.execPath, ['-e', '']).pid

test('one holder at a time, and the next when it is done', async () => {
  const events: string[] = []
  const end = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const first = withLock(file, options, async () => {
    started.resolve()
    await end.promise
    events.push('first')
  })
  await started.promise
  const waiting = Promise.withResolvers<number>()
  const second = withLock(file, { ...options, onWait: waiting.resolve }, async () => void events.push('second'))
  expect(await waiting.promise).toBe(process.pid)
  end.resolve()
  await Promise.all([first, second])
  expect(events).toEqual(['first', 'second'])
  expect(existsSync(file)).toBe(false)
})

test('a failure frees it', async () => {
  await expect(withLock(file, options, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await withLock(file, options, async () => 'in')).toBe('in')
})

test('a dead owner’s lock is taken over', async () => {
  await withLock(file, options, async () => {})
  await writeFile(file, String(deadProcess()))
  expect(await withLock(file, options, async () => 'in')).toBe('in')
})

test('a living owner is waited for until the deadline, then refused with its id', async () => {
  await withLock(file, options, async () => {
    const attempt = withLock(file, { deadlineMs: 150 }, async () => 'in')
    await expect(attempt).rejects.toMatchObject({
      code: 'lock_held',
      message: expect.stringContaining(`${process.pid}`),
    })
  })
})

test('knows the living from the dead', () => {
  expect(isAlive(process.pid)).toBe(true)
  expect(isAlive(deadProcess())).toBe(false)
})
