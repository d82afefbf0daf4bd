/**
 * `npm start`: the whole local cloud in the foreground until Ctrl-C. The background cloud of `npm run up` is this
 * command too, with its progress sent to the one who waits for it.
 */
import { bringUp, type Cloud } from '../cloud/cloud.ts'
import { type CloudStatus, type ControlHandlers, type DeploymentNote, serveControl } from '../cloud/control.ts'
import { outcomeOf, sendingProgress } from '../cloud/remote-progress.ts'
import { ensureSetUp } from '../cloud/setup.ts'
import type { DeployedStack } from '../deployer/stacks.ts'
import { type Progress, terminalProgress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import { readSettings, type Settings } from '../settings.ts'
import { summary } from './summary.ts'

/** Hidden: started by `npm run up`, with an IPC channel. */
export const BACKGROUND = '--background'

/** 128 + SIGINT, as shells report it. */
export const INTERRUPTED = 130

export interface StartOptions {
  readonly watch: boolean
  readonly background: boolean
  /** Those to deploy, with what they need; all when empty. */
  readonly stacks: readonly string[]
}

/** What the user sees of it, in front or through the one who waits. */
interface Front {
  readonly progress: Progress
  ready(cloud: Cloud, tookMs: number): void
}

class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** Runs until stopped. @returns the exit code: 0 when stopped on purpose, 130 when interrupted before it was ready. */
export async function start(options: StartOptions): Promise<number> {
  const settings = readSettings()
  const stop = new AbortController()
  const end = () => {
    // Asked a second time: at once. LocalStack ends by itself when this process is gone.
    if (stop.signal.aborted) process.exit(INTERRUPTED)
    stop.abort(new Stopped('stopped'))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  const session = new Session(options, settings, end)
  const control = await serveControl(settings.home, session)
  try {
    await session.run(stop.signal)
    return 0
  } catch (error) {
    // Whatever an interrupted step makes of its end is not news.
    if (stop.signal.aborted) return INTERRUPTED
    if (process.connected) process.send?.(outcomeOf(error))
    throw error
  } finally {
    await session.close()
    await control.close()
    // The channel to the one who waits would keep this process alive.
    if (process.connected) process.disconnect()
  }
}

class Session implements ControlHandlers {
  readonly #options: StartOptions
  readonly #settings: Settings
  readonly #end: () => void
  readonly #startedAt = new Date()
  #state: CloudStatus['state'] = 'starting'
  #cloud: Cloud | undefined
  #lastDeployment: DeploymentNote | undefined
  #stopWatching: () => Promise<void> = async () => {}

  constructor(options: StartOptions, settings: Settings, end: () => void) {
    this.#options = options
    this.#settings = settings
    this.#end = end
  }

  async run(signal: AbortSignal): Promise<void> {
    const front = this.#options.background ? backgroundFront() : terminalFront(this.#options)
    const { home, edgePort, cloudPort, external } = this.#settings
    const began = performance.now()
    if (!external) await ensureSetUp(front.progress)
    signal.throwIfAborted()
    const { cloud, deployed } = await bringUp({
      home,
      edgePort,
      cloudPort,
      external,
      signal,
      stacks: this.#options.stacks,
      hotReload: this.#options.watch,
      progress: front.progress,
    })
    this.#cloud = cloud
    this.#ready(deployed)
    if (this.#options.watch) this.#stopWatching = await (await import('./watch.ts')).watch(front.progress)
    front.ready(cloud, performance.now() - began)
    await this.#untilTheEnd(cloud, signal)
  }

  async #untilTheEnd(cloud: Cloud, signal: AbortSignal): Promise<void> {
    const stopped = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined)
      signal.addEventListener('abort', () => resolve(undefined))
    })
    const crash = await Promise.race([cloud.crashed, stopped])
    if (crash) throw crash
  }

  async close(): Promise<void> {
    await this.#stopWatching()
    await this.#cloud?.stop()
  }

  #ready(deployed: readonly DeployedStack[]): void {
    this.#lastDeployment = {
      at: new Date().toISOString(),
      stacks: deployed.map(({ id, outcome }) => `${id} ${outcome}`),
    }
    this.#state = 'ready'
  }

  status(): CloudStatus {
    const { edgePort, cloudPort, external } = this.#settings
    return {
      state: this.#state,
      pid: process.pid,
      background: this.#options.background,
      startedAt: this.#startedAt.toISOString(),
      endpoint: external?.endpoint ?? `http://127.0.0.1:${cloudPort}`,
      edgeUrl: `http://localhost:${edgePort}`,
      ownLocalStack: external === undefined,
      hotReload: this.#options.watch,
      lastDeployment: this.#lastDeployment,
    }
  }

  stop(): void {
    this.#end()
  }

  async reset(progress: Progress): Promise<void> {
    if (this.#state !== 'ready' || !this.#cloud)
      throw new Refusal('busy', `The local cloud is ${this.#state}; wait until it is ready.`)
    this.#state = 'resetting'
    try {
      this.#ready(await this.#cloud.reset(progress))
    } catch (error) {
      // Without a deployed cloud there is nothing to go on with, but LocalStack's log may be wanted.
      this.#state = 'ready'
      throw error
    }
  }

  async deployed(note: DeploymentNote): Promise<void> {
    await this.#cloud?.reload()
    this.#lastDeployment = note
  }
}

function terminalFront({ watch: hotReload, background }: StartOptions): Front {
  return {
    progress: terminalProgress(process.stderr),
    ready(cloud, tookMs) {
      const colour = process.stdout.hasColors?.() ?? false
      console.log(summary({ outputs: cloud.outputs(), tookMs, colour, background, hotReload }))
    },
  }
}

/** Talks to `npm run up` until the cloud is ready, then only to the log. */
function backgroundFront(): Front {
  const log = terminalProgress(process.stderr)
  let waiting = true
  const remote = sendingProgress((message) => {
    if (process.connected) process.send?.(message)
  })
  process.on('disconnect', () => {
    waiting = false
  })
  return {
    progress: {
      line: (text) => (waiting ? remote : log).line(text),
      step: (title, run) => (waiting ? remote : log).step(title, run),
    },
    ready() {
      if (!process.connected) return
      process.send?.(outcomeOfReady)
      process.disconnect()
    },
  }
}

const outcomeOfReady = { kind: 'done' } as const
