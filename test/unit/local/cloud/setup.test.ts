import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ensureSetUp, findDynoxide } from '../../../../local/cloud/setup.ts'
import { silentProgress } from '../../../../local/progress.ts'
import { fakePython } from './fake-python.ts'

let folder: string
let state: string
let python: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-setup-'))
  state = join(folder, 'state')
  python = await fakePython(join(folder, 'bin', 'python3'), { version: '3.12.4' })
})
afterEach(() => rm(folder, { recursive: true }))

const setUp = () => ensureSetUp(silentProgress, { state, environment: { PATH: dirname(python) } })

/** What the interpreter and its copies were called for, without the first one's look at itself. */
const steps = async (): Promise<string[]> => {
  const text = await readFile(join(dirname(python), 'calls'), 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line.startsWith('-m'))
}
const environmentsMade = async (): Promise<number> =>
  (await steps()).filter((line) => line.startsWith('-m venv')).length

describe('set-up', () => {
  test('makes a private environment with the pinned packages', async () => {
    const result = await setUp()
    expect(result.python).toMatch(new RegExp(`^${join(state, 'venv')}/[0-9a-f]{16}/bin/python$`))
    expect(await steps()).toEqual([
      expect.stringMatching(/^-m venv /),
      expect.stringMatching(/^-m pip install .*uv==/),
      expect.stringMatching(/^-m uv pip install .*--no-deps.* -r .*requirements\.txt$/),
    ])
  })

  test('that is done costs nothing and doesn’t run Python', async () => {
    const first = await setUp()
    await rm(join(dirname(python), 'calls'))
    const start = performance.now()
    expect(await setUp()).toEqual(first)
    expect(performance.now() - start).toBeLessThan(100)
    expect(await readFile(join(dirname(python), 'calls'), 'utf8').catch(() => 'no calls')).toBe('no calls')
  })

  test('starts over when its Python has gone', async () => {
    const first = await setUp()
    await rm(first.python)
    expect((await setUp()).python).toBe(first.python)
    expect(await environmentsMade()).toBe(2)
  })

  test('that was interrupted starts over, without a trace of the first try', async () => {
    const broken = await fakePython(python, { version: '3.12.4', pipError: 'killed' })
    await expect(setUp()).rejects.toMatchObject({ code: 'set_up_failed' })
    await writeFile(join(state, 'venv', 'left.new'), 'half a file').catch(() => {})
    await fakePython(broken, { version: '3.12.4' })
    const { python: inside } = await setUp()
    expect(await readFile(inside, 'utf8')).not.toContain('killed')
  })

  test('by two at once is done by one, and the other uses it', async () => {
    const lines: string[] = []
    const progress = { ...silentProgress, line: (text: string) => void lines.push(text) }
    const options = { state, environment: { PATH: dirname(python) } }
    const [one, other] = await Promise.all([ensureSetUp(progress, options), ensureSetUp(progress, options)])
    expect(one).toEqual(other)
    expect(await environmentsMade()).toBe(1)
    expect(lines).toEqual([expect.stringMatching(/^Another process \(\d+\) installs LocalStack/)])
  })
})

describe('set-up refuses', () => {
  test('without a network, naming the index, the log and a mirror’s variable', async () => {
    const pipError = 'NewConnectionError: Failed to establish a new connection: [Errno 111] Connection refused'
    await fakePython(python, { version: '3.12.4', pipError })
    const error = await setUp().catch((refusal: unknown) => refusal)
    expect(error).toMatchObject({
      code: 'no_network',
      message: expect.stringContaining('Python package index'),
      hint: expect.stringMatching(/PIP_INDEX_URL.*setup\.log$/),
    })
    expect(await readFile(join(state, 'logs', 'setup.log'), 'utf8')).toContain('Connection refused')
  })

  test('any other failure with its last line, and not the whole output', async () => {
    await fakePython(python, { version: '3.12.4', pipError: 'No space left on device' })
    await expect(setUp()).rejects.toMatchObject({
      code: 'set_up_failed',
      message: 'expected the Python packages to install, got exit code 1: No space left on device',
    })
  })

  test('a platform without dynoxide, before anything is installed', async () => {
    await mkdir(state)
    const attempt = ensureSetUp(silentProgress, {
      state,
      environment: { PATH: dirname(python) },
      platform: 'plan9-mips',
    })
    await expect(attempt).rejects.toMatchObject({
      code: 'dynoxide_missing',
      message: expect.stringContaining('plan9-mips'),
      hint: expect.stringContaining('docker-compose.localstack.yml'),
    })
    expect(await steps()).toEqual([])
  })
})

test('dynoxide of this platform is found', () => {
  expect(findDynoxide()).toMatch(new RegExp(`@dynoxide/${process.platform}-${process.arch}/dynoxide$`))
})
