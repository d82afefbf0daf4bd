/**
 * A local cloud from nothing to ready: LocalStack, the deployed stacks, the seeded workspace and the edge. Used by
 * `npm start`, by the background cloud and by the tests; each has its own home and ports.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type CloudAddress, LOCAL_REGION } from '../aws.ts'
import { deployWithProgress, selectWithNeeded, synthesiseLocal } from '../deployer/deploy.ts'
import type { DeployedStack } from '../deployer/stacks.ts'
import { type Edge, serveEdge } from '../edge/edge.ts'
import { originOf } from '../edge/origins.ts'
import type { Home } from '../home.ts'
import { type Outputs, reachableOutputs, readOutputs, writeOutputs } from '../outputs.ts'
import { portTaken, requirePort } from '../ports.ts'
import type { Progress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import { DEMO_API_KEY, DEMO_WORKSPACE, seed } from '../seed.ts'
import { type LocalStack, startLocalStack } from './localstack.ts'

export interface CloudOptions {
  readonly home: Home
  readonly progress: Progress
  /** 0 for any free port. */
  readonly edgePort: number
  readonly cloudPort: number
  /** The functions' code is read from the bundles' folders and a rebuilt one is live at once. */
  readonly hotReload: boolean
  /** Names of stacks: they and what they need are deployed. @default all */
  readonly stacks?: readonly string[]
  /** A cloud that runs already (AWS_ENDPOINT_URL): it is used, and neither started nor stopped. */
  readonly external?: CloudAddress | undefined
  /** Ends the work early; everything that was started is stopped, then its reason is thrown. */
  readonly signal?: AbortSignal | undefined
}

export interface Cloud {
  readonly edge: Edge
  readonly ownLocalStack: boolean
  outputs(): Outputs
  /** Reads outputs.json again, after somebody else deployed. */
  reload(): Promise<void>
  /** Restarts LocalStack, deploys and seeds. Throws Refusal `not_ours` for a cloud that is only used. */
  reset(progress: Progress): Promise<readonly DeployedStack[]>
  /** Ends everything that was started. May be called at any time, and more than once. */
  stop(): Promise<void>
  /** Resolves when LocalStack ends without being asked to; never otherwise. */
  readonly crashed: Promise<Refusal>
}

/** Enough of a crashed LocalStack's log to hold a Python traceback. */
const CRASH_LOG_LINES = 20
/** Its requests fail a moment before its process is known to have ended. */
const CRASH_NOTICE_MS = 1_000
/** How long a cloud at AWS_ENDPOINT_URL may take for one answer. A healthy one needs milliseconds. */
const ANSWER_DEADLINE_MS = 5_000

/** @throws Refusal `cloud_unreachable` when nothing speaks HTTP there. */
export async function requireAnswer(endpoint: string): Promise<void> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) })
  } catch (error) {
    const { cause } = error as Error
    const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? (error as Error).name
    throw new Refusal(
      'cloud_unreachable',
      `expected a cloud at AWS_ENDPOINT_URL=${endpoint}; it does not answer (${reason}).`,
      'Start it, or unset AWS_ENDPOINT_URL to use a local cloud of this checkout.',
      { cause: error },
    )
  }
}

/** Brings a cloud up. Whatever goes wrong, nothing stays behind. */
export async function bringUp(options: CloudOptions): Promise<{ cloud: Cloud; deployed: readonly DeployedStack[] }> {
  if (options.external) await requireAnswer(options.external.endpoint)
  else await requirePort(options.cloudPort, 'BACKLOT_CLOUD_PORT')
  if (options.edgePort !== 0) await requirePort(options.edgePort, 'BACKLOT_PORT')
  const run = new RunningCloud(options)
  try {
    await run.openEdge()
    return { cloud: run, deployed: await unlessAborted(options.signal, run.fill(options.progress)) }
  } catch (error) {
    await run.stop()
    throw error
  }
}

async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

class RunningCloud implements Cloud {
  readonly #options: CloudOptions
  readonly #crash = Promise.withResolvers<Refusal>()
  #edge: Edge | undefined
  /** Already while it starts, so that a stop in the meantime ends it too. */
  #localStack: Promise<LocalStack> | undefined
  #outputs: Outputs | undefined
  /** Set while LocalStack is meant to end. */
  #ending = false

  constructor(options: CloudOptions) {
    this.#options = options
  }

  get crashed(): Promise<Refusal> {
    return this.#crash.promise
  }

  get ownLocalStack(): boolean {
    return this.#options.external === undefined
  }

  get edge(): Edge {
    if (!this.#edge) throw new Error('expected the edge to be open')
    return this.#edge
  }

  outputs(): Outputs {
    if (!this.#outputs) throw new Error('expected the cloud to be deployed')
    return this.#outputs
  }

  /** The edge opens first: its port is part of what is deployed, and until then it answers 503. */
  async openEdge(): Promise<void> {
    const { edgePort: port } = this.#options
    const resolve = (path: string) => this.#outputs && originOf(path, this.#outputs)
    this.#edge = await serveEdge({ port, resolve }).catch(async (error: NodeJS.ErrnoException) => {
      // Free on IPv4, or it would have been refused before, but taken on IPv6.
      if (error.code === 'EADDRINUSE') throw await portTaken(port, 'BACKLOT_PORT')
      throw error
    })
  }

  /** LocalStack starts while the app is synthesised; then all stacks, then the seed. A crash meanwhile ends it. */
  fill(progress: Progress): Promise<readonly DeployedStack[]> {
    const crash = this.crashed.then((refusal) => Promise.reject(refusal))
    const filled = this.#fill(progress).catch(async (error: unknown) => {
      // Of a crash, the end of LocalStack's log is worth more than the request that it refused.
      await Promise.race([crash, delay(CRASH_NOTICE_MS)])
      throw error
    })
    return Promise.race([filled, crash])
  }

  async #fill(progress: Progress): Promise<readonly DeployedStack[]> {
    const { home, hotReload, external, signal, stacks: names = [] } = this.#options
    const title = external
      ? 'Bundle the functions and synthesise the stacks'
      : 'Start LocalStack, bundle the functions, synthesise the stacks'
    const [address, stacks] = await progress.step(title, async () => {
      const [started, synthesised] = await Promise.allSettled([
        external ?? this.#startLocalStack(),
        synthesiseLocal({ home, hotReload, signal, edgePort: this.edge.port }),
      ])
      if (synthesised.status === 'rejected') throw synthesised.reason
      if (started.status === 'rejected') throw started.reason
      return [started.value, synthesised.value]
    })
    const deployed = await deployWithProgress(selectWithNeeded(stacks, names), address, progress)
    await progress.step('Seed the demo workspace', () => seed(address))
    const outputs = outputsOf(address, this.edge.url, deployed)
    await writeOutputs(home.outputs, outputs)
    this.#outputs = outputs
    return deployed
  }

  async reload(): Promise<void> {
    this.#outputs = await readOutputs(this.#options.home.outputs)
  }

  async reset(progress: Progress): Promise<readonly DeployedStack[]> {
    if (!this.ownLocalStack)
      throw new Refusal('not_ours', 'This cloud was not started here (AWS_ENDPOINT_URL); restart it where it runs.')
    this.#outputs = undefined
    await progress.step('Stop LocalStack', () => this.#stopLocalStack())
    return this.fill(progress)
  }

  async stop(): Promise<void> {
    await Promise.all([this.#edge?.close(), this.#stopLocalStack()])
  }

  async #startLocalStack(): Promise<CloudAddress> {
    this.#ending = false
    const { home, cloudPort } = this.#options
    const starting = startLocalStack({ home, port: cloudPort })
    this.#localStack = starting
    const localStack = await starting
    void localStack.exited.then(async ({ code, signal }) => {
      if (this.#ending || this.#localStack !== starting) return
      const reason = signal ?? `exit code ${code}`
      const log = await localStack.logTail(CRASH_LOG_LINES)
      const message = `LocalStack ended unexpectedly (${reason}). The end of its log:\n${log}`
      this.#crash.resolve(new Refusal('localstack_crashed', message, `The whole log: ${localStack.logFile}`))
    })
    return { endpoint: localStack.endpoint, region: LOCAL_REGION }
  }

  async #stopLocalStack(): Promise<void> {
    this.#ending = true
    // One that could not start has reported that already and left nothing to stop.
    const localStack = await this.#localStack?.catch(() => undefined)
    await localStack?.stop()
    this.#localStack = undefined
  }
}

/** What is known after a deployment. `before` keeps the outputs of stacks that were not part of it. */
export const outputsOf = (
  address: CloudAddress,
  edgeUrl: string,
  deployed: readonly DeployedStack[],
  before: Outputs['stacks'] = {},
): Outputs => ({
  endpoint: address.endpoint,
  region: address.region,
  edge: { url: edgeUrl },
  stacks: {
    ...before,
    ...Object.fromEntries(deployed.map(({ id, outputs }) => [id, reachableOutputs(outputs, address.endpoint)])),
  },
  workspace: { id: DEMO_WORKSPACE.id, name: DEMO_WORKSPACE.name },
  apiKey: DEMO_API_KEY,
})
