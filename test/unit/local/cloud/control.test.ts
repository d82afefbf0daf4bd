import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  askToReset,
  askToStop,
  type CloudStatus,
  type ControlHandlers,
  cloudStatus,
  requireCloud,
  serveControl,
  socketPath,
  tellDeployed,
} from '../../../../local/cloud/control.ts'
import { type Home, homeAt } from '../../../../local/home.ts'
import type { Progress } from '../../../../local/progress.ts'
import { Refusal } from '../../../../local/refusal.ts'

let home: Home
const closers: (() => Promise<void>)[] = []
beforeEach(async () => {
  home = homeAt(await mkdtemp(join(tmpdir(), 'backlot-control-')))
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  await rm(home.root, { recursive: true })
})

const status: CloudStatus = {
  state: 'ready',
  pid: 4711,
  background: false,
  startedAt: '2026-01-01T00:00:00.000Z',
  endpoint: 'http://127.0.0.1:4566',
  edgeUrl: 'http://localhost:4000',
  ownLocalStack: true,
  hotReload: false,
}

async function serve(handlers: Partial<ControlHandlers> = {}): Promise<void> {
  const control = await serveControl(home, {
    status: () => status,
    stop: () => {},
    reset: async () => {},
    deployed: async () => {},
    ...handlers,
  })
  closers.push(() => control.close())
}

/** Notes what a terminal would show. */
function recorder(): { progress: Progress; seen: string[] } {
  const seen: string[] = []
  const progress: Progress = {
    line: (text) => void seen.push(text),
    async step(title, run) {
      seen.push(`begin ${title}`)
      try {
        const result = await run((detail) => seen.push(`detail ${detail}`))
        seen.push(`end ${title}`)
        return result
      } catch (error) {
        seen.push(`failed ${title}`)
        throw error
      }
    },
  }
  return { progress, seen }
}

describe('a home without a cloud', () => {
  test('has no status, and asking for its cloud is refused with what to do', async () => {
    expect(await cloudStatus(home)).toBeUndefined()
    await expect(requireCloud(home)).rejects.toMatchObject({
      code: 'not_running',
      hint: expect.stringContaining('npm start'),
    })
  })
})

test.each(['starting', 'resetting'] as const)('a cloud that is %s is not to be used yet', async (state) => {
  await serve({ status: () => ({ ...status, state }) })
  await expect(requireCloud(home)).rejects.toMatchObject({ code: 'busy', message: expect.stringContaining(state) })
})

describe('a cloud', () => {
  test('tells its status to whoever is this user, and to nobody else', async () => {
    await serve()
    expect(await cloudStatus(home)).toEqual(status)
    expect((await stat(socketPath(home))).mode & 0o777).toBe(0o600)
  })

  test('is alone in its home: a second one is refused with the addresses of the first', async () => {
    await serve()
    const second = serve()
    await expect(second).rejects.toMatchObject({ code: 'already_running' })
    await expect(second).rejects.toThrow(/process 4711[\s\S]*http:\/\/localhost:4000[\s\S]*http:\/\/127\.0\.0\.1:4566/)
  })

  test('of several that start at once exactly one wins', async () => {
    const settled = await Promise.allSettled([1, 2, 3, 4].map(() => serve()))
    expect(settled.filter((it) => it.status === 'fulfilled')).toHaveLength(1)
  })

  test('takes the place of one that was killed and left its socket', async () => {
    await writeFile(socketPath(home), '')
    await chmod(socketPath(home), 0o600)
    await serve()
    expect(await cloudStatus(home)).toEqual(status)
  })

  test('is asked to stop', async () => {
    const stopped = Promise.withResolvers<void>()
    await serve({ stop: stopped.resolve })
    await askToStop(home)
    await stopped.promise
  })

  test('is told of a deployment', async () => {
    const told = Promise.withResolvers<unknown>()
    await serve({ deployed: async (note) => told.resolve(note) })
    await tellDeployed(home, { at: 'now', stacks: ['Links updated'] })
    expect(await told.promise).toEqual({ at: 'now', stacks: ['Links updated'] })
  })
})

test('what goes wrong in the cloud is an error here', async () => {
  await serve({ deployed: () => Promise.reject(new Error('outputs.json is gone')) })
  await expect(tellDeployed(home, { at: 'now', stacks: [] })).rejects.toThrow('outputs.json is gone')
})

describe('a reset', () => {
  test('shows the steps of the cloud here, in order', async () => {
    await serve({
      async reset(progress) {
        await progress.step('Stop', async (update) => update('soon'))
        progress.line('Links created')
        await progress.step('Seed', async () => {})
      },
    })
    const { progress, seen } = recorder()
    await askToReset(home, progress)
    expect(seen).toEqual(['begin Stop', 'detail soon', 'end Stop', 'Links created', 'begin Seed', 'end Seed'])
  })

  test('throws here what the cloud refused with', async () => {
    await serve({
      async reset(progress) {
        await progress.step('Deploy', async () => {
          throw new Refusal('deploy_failed', 'Queue: bad name', 'Fix it')
        })
      },
    })
    const { progress, seen } = recorder()
    await expect(askToReset(home, progress)).rejects.toMatchObject({
      code: 'deploy_failed',
      message: 'Queue: bad name',
      hint: 'Fix it',
    })
    expect(seen).toEqual(['begin Deploy', 'failed Deploy'])
  })

  test('says so when the cloud ends in the middle', async () => {
    await serve({ reset: () => closers.pop()?.() ?? Promise.resolve() })
    const { progress } = recorder()
    await expect(askToReset(home, progress)).rejects.toThrow(/ended|aborted|socket/)
  })
})

test('a home with a very long path has its socket elsewhere, always at the same place', () => {
  const long = homeAt(join(tmpdir(), 'x'.repeat(200)))
  expect(socketPath(long).length).toBeLessThanOrEqual(103)
  expect(socketPath(long)).toBe(socketPath(homeAt(join(tmpdir(), 'x'.repeat(200)))))
  expect(socketPath(long)).not.toBe(socketPath(homeAt(join(tmpdir(), 'y'.repeat(200)))))
})
