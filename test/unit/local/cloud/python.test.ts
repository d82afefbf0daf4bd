import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findPython } from '../../../../local/cloud/python.ts'
import { fakePython } from './fake-python.ts'

let path: string
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'backlot-path-'))
})
afterEach(() => rm(path, { recursive: true }))

const onPath = (name: string) => join(path, name)
const find = (more = {}) => findPython({ PATH: path, ...more })

describe('Python', () => {
  test('is the version that LocalStack is made for, where there are several', async () => {
    await fakePython(onPath('python3'), { version: '3.11.2' })
    const newest = await fakePython(onPath('python3.13'), { version: '3.13.1' })
    expect(await find()).toEqual({ path: newest, version: '3.13.1' })
  })

  test('3.11.0 is new enough', async () => {
    await fakePython(onPath('python'), { version: '3.11.0' })
    expect(await find()).toMatchObject({ version: '3.11.0' })
  })

  test('that is too old is passed over for a newer one', async () => {
    await fakePython(onPath('python3'), { version: '3.9.2' })
    await fakePython(onPath('python'), { version: '3.12.0' })
    expect(await find()).toMatchObject({ version: '3.12.0' })
  })

  test('that BACKLOT_PYTHON names comes first', async () => {
    await fakePython(onPath('python3.13'), { version: '3.13.1' })
    const chosen = await fakePython(onPath('mine'), { version: '3.11.9' })
    expect(await find({ BACKLOT_PYTHON: chosen })).toEqual({ path: chosen, version: '3.11.9' })
  })
})

describe('is refused', () => {
  test('when there is none', async () => {
    await expect(find()).rejects.toMatchObject({
      code: 'python_missing',
      message: 'expected Python 3.11 or newer on PATH, found none',
      hint: expect.stringContaining('BACKLOT_PYTHON'),
    })
  })

  test('when every one is too old: which, where, and what is expected', async () => {
    const old = await fakePython(onPath('python3'), { version: '3.10.13' })
    await expect(find()).rejects.toMatchObject({
      code: 'python_too_old',
      message: `expected Python 3.11 or newer on PATH, got ${old} 3.10.13`,
    })
  })

  test('when the chosen one is too old, although a better one is on PATH', async () => {
    await fakePython(onPath('python3'), { version: '3.13.0' })
    const chosen = await fakePython(onPath('mine'), { version: '2.7.18' })
    await expect(find({ BACKLOT_PYTHON: chosen })).rejects.toMatchObject({
      code: 'python_too_old',
      message: expect.stringContaining(`BACKLOT_PYTHON (${chosen}), got ${chosen} 2.7.18`),
    })
  })

  test('when it can’t make virtual environments', async () => {
    await fakePython(onPath('python3'), { version: '3.11.2', complete: false })
    await expect(find()).rejects.toMatchObject({
      code: 'python_incomplete',
      hint: expect.stringContaining('python3-venv'),
    })
  })
})
