/** A fresh clone of what is committed in a repository, and the commands that a newcomer runs in it. Own folder, home and ports. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { type Outputs, readOutputs } from '../local/outputs.ts'
import { freePort } from '../local/ports.ts'

const run = promisify(execFile)

/** One line of progress: `✓ Seed the demo workspace 0.3 s`. */
export interface Phase {
  readonly title: string
  readonly seconds: number
}

export interface Started {
  readonly phases: readonly Phase[]
  readonly seconds: number
}

/** A start that takes longer is broken. */
const START_DEADLINE_MS = 300_000
const READY = /Backlot is ready/
const PHASE = /✓ (.+?) (?:(\d+) min )?([\d.]+) s$/gm

export class Clone {
  readonly folder: string
  readonly #environment: NodeJS.ProcessEnv
  #cloud: ChildProcess | undefined

  private constructor(folder: string, environment: NodeJS.ProcessEnv) {
    this.folder = folder
    this.#environment = environment
  }

  static async make(repository: string): Promise<Clone> {
    const parent = await mkdtemp(path.join(tmpdir(), 'backlot-bench-'))
    const folder = path.join(parent, 'backlot')
    await run('git', ['clone', '--quiet', '--no-local', repository, folder])
    const ports = { BACKLOT_PORT: String(await freePort()), BACKLOT_CLOUD_PORT: String(await freePort()) }
    const { AWS_ENDPOINT_URL: _, ...inherited } = process.env
    return new Clone(folder, { ...inherited, ...ports, BACKLOT_HOME: path.join(parent, 'home') })
  }

  /** `npm start`, until it says that it is ready. */
  async start(...args: readonly string[]): Promise<Started> {
    const began = performance.now()
    const cloud = spawn('npm', ['start', '--silent', '--', ...args], {
      cwd: this.folder,
      env: this.#environment,
      detached: true,
    })
    this.#cloud = cloud
    let output = ''
    const ready = new Promise<void>((resolve, reject) => {
      for (const stream of [cloud.stdout, cloud.stderr])
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString()
          if (READY.test(output)) resolve()
        })
      cloud.on('exit', (code) =>
        reject(new Error(`expected npm start to become ready, got exit code ${code}\n${output}`)),
      )
      setTimeout(
        () => reject(new Error(`expected npm start to be ready within ${START_DEADLINE_MS} ms\n${output}`)),
        START_DEADLINE_MS,
      ).unref()
    })
    await ready
    return { phases: phasesOf(output), seconds: (performance.now() - began) / 1000 }
  }

  /** As Ctrl-C does: the signal goes to everything that the terminal started. */
  async stop(): Promise<void> {
    const cloud = this.#cloud
    this.#cloud = undefined
    if (cloud?.pid === undefined || cloud.exitCode !== null) return
    const ended = new Promise((resolve) => cloud.once('exit', resolve))
    process.kill(-cloud.pid, 'SIGINT')
    await ended
  }

  async npm(...args: readonly string[]): Promise<void> {
    await run('npm', ['run', '--silent', ...args], { cwd: this.folder, env: this.#environment })
  }

  outputs(): Promise<Outputs> {
    return readOutputs(path.join(this.#environment['BACKLOT_HOME'] ?? '', 'outputs.json'))
  }

  /** Throws when the text is not in the file: a benchmark that changes nothing measures nothing. */
  async replace(file: string, before: string, after: string): Promise<void> {
    const name = path.join(this.folder, file)
    const text = await readFile(name, 'utf8')
    if (!text.includes(before)) throw new Error(`expected ${file} to contain ${before}`)
    await writeFile(name, text.replace(before, after))
  }

  async remove(): Promise<void> {
    await this.stop()
    await rm(path.dirname(this.folder), { recursive: true, force: true })
  }
}

/** The last line of each title counts: long steps announce themselves before they end. */
export function phasesOf(output: string): Phase[] {
  const seconds = new Map<string, number>()
  for (const [, title = '', minutes = '0', rest = '0'] of output.matchAll(PHASE))
    seconds.set(title, Number(minutes) * 60 + Number(rest))
  return [...seconds].map(([title, value]) => ({ title, seconds: value }))
}
