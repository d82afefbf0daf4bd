/** `npm run up`: the local cloud in the background. Waits until it is ready and shows what it does meanwhile. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { alreadyRunning, cloudStatus } from '../cloud/control.ts'
import { tail } from '../cloud/localstack.ts'
import { type Outcome, type ProgressMessage, playProgress, requireDone } from '../cloud/remote-progress.ts'
import { CHECKOUT, type Home } from '../home.ts'
import { readOutputs } from '../outputs.ts'
import { terminalProgress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import { readSettings } from '../settings.ts'
import { BACKGROUND, INTERRUPTED, type StartOptions } from './start.ts'
import { summary } from './summary.ts'

const LOG_LINES = 20

export type UpOptions = Omit<StartOptions, 'background'>

export const cloudLog = (home: Home): string => join(home.logs, 'cloud.log')

async function spawnCloud(home: Home, { watch, stacks }: UpOptions): Promise<ChildProcess> {
  await mkdir(home.logs, { recursive: true })
  const log = await open(cloudLog(home), 'w')
  try {
    const args = [join(CHECKOUT, 'local/main.ts'), 'start', BACKGROUND, ...(watch ? ['--watch'] : []), ...stacks]
    return spawn(process.execPath, args, {
      cwd: CHECKOUT,
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    })
  } finally {
    await log.close()
  }
}

/** Resolves when the cloud says that it is ready; throws what it failed with, or how it died. */
function untilReady(child: ChildProcess, home: Home): Promise<void> {
  const play = playProgress(terminalProgress(process.stderr))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.on('message', (message: ProgressMessage | Outcome) => {
    if (message.kind !== 'done' && message.kind !== 'failed') return play(message)
    try {
      requireDone(message)
      resolve()
    } catch (error) {
      reject(error)
    }
  })
  child.on('error', reject)
  child.on('exit', (code, signal) => {
    tail(cloudLog(home), LOG_LINES).then(
      (log) => reject(new Refusal('cloud_ended', `The cloud ended before it was ready (${signal ?? code}).\n${log}`)),
      reject,
    )
  })
  return promise
}

/**
 * @returns the exit code: 130 when interrupted before the cloud was ready
 * @throws Refusal `already_running`, or whatever the start was refused with
 */
export async function up(options: UpOptions): Promise<number> {
  const began = performance.now()
  const { home } = readSettings()
  const running = await cloudStatus(home)
  if (running) throw alreadyRunning(running)
  const child = await spawnCloud(home, options)
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      interrupted = true
      child.kill('SIGTERM')
    })
  try {
    await untilReady(child, home)
  } catch (error) {
    if (interrupted) return INTERRUPTED
    throw error
  }
  child.removeAllListeners('exit')
  child.unref()
  const outputs = await readOutputs(home.outputs)
  const colour = process.stdout.hasColors?.() ?? false
  console.log(
    summary({ outputs, tookMs: performance.now() - began, colour, background: true, hotReload: options.watch }),
  )
  return 0
}
