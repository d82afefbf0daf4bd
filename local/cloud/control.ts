/**
 * How commands talk to a running cloud: HTTP over a socket that only this user can open. Whoever holds the socket is
 * the cloud of that home, so it is also the lock against a second one.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Home } from '../home.ts'
import type { Progress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import {
  type Outcome,
  outcomeOf,
  type ProgressMessage,
  playProgress,
  requireDone,
  sendingProgress,
} from './remote-progress.ts'

/** The shortest limit of a Unix socket's path among our platforms (macOS: 104 bytes with the closing zero). */
const SOCKET_PATH_LIMIT = 103
const OWNER_ONLY = 0o600

export interface DeploymentNote {
  /** RFC 3339. */
  readonly at: string
  /** Ids of the stacks with what happened to them: `Links updated`. */
  readonly stacks: readonly string[]
}

export interface CloudStatus {
  readonly state: 'starting' | 'ready' | 'resetting'
  readonly pid: number
  readonly background: boolean
  readonly startedAt: string
  readonly endpoint: string
  readonly edgeUrl: string
  /** False when AWS_ENDPOINT_URL named the cloud. */
  readonly ownLocalStack: boolean
  readonly hotReload: boolean
  readonly lastDeployment?: DeploymentNote | undefined
}

/** What the cloud does when it is asked. */
export interface ControlHandlers {
  status(): CloudStatus
  /** Ends the cloud; the socket closes when all is down. */
  stop(): void
  reset(progress: Progress): Promise<void>
  /** A deployment wrote a new outputs.json. */
  deployed(note: DeploymentNote): Promise<void>
}

/** Named by the home alone, so that no file has to say where it is. */
export function socketPath(home: Home): string {
  const hash = createHash('sha256').update(home.root).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\backlot-${hash}`
  const inHome = join(home.root, 'control.sock')
  return Buffer.byteLength(inHome) <= SOCKET_PATH_LIMIT ? inHome : join(tmpdir(), `backlot-${hash}.sock`)
}

const readText = async (incoming: IncomingMessage): Promise<string> =>
  Buffer.concat(await incoming.toArray()).toString('utf8')

async function answer(handlers: ControlHandlers, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (`${incoming.method} ${incoming.url}`) {
    case 'GET /status':
      response.end(JSON.stringify(handlers.status()))
      return
    case 'POST /stop':
      response.end(JSON.stringify(handlers.status()))
      handlers.stop()
      return
    case 'POST /deployed':
      await handlers.deployed(JSON.parse(await readText(incoming)) as DeploymentNote)
      response.end()
      return
    case 'POST /reset': {
      const send = (message: ProgressMessage | Outcome) => void response.write(`${JSON.stringify(message)}\n`)
      const outcome = await handlers.reset(sendingProgress(send)).then(() => ({ kind: 'done' }) as const, outcomeOf)
      send(outcome)
      response.end()
      return
    }
    default:
      response.writeHead(404).end()
  }
}

const bind = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })

/**
 * Takes the home's socket. Throws Refusal `already_running` when a cloud holds it; a socket that a killed cloud left
 * behind is replaced.
 */
export async function serveControl(home: Home, handlers: ControlHandlers): Promise<{ close(): Promise<void> }> {
  const path = socketPath(home)
  await mkdir(dirname(path), { recursive: true })
  const server = createServer((incoming, response) => {
    answer(handlers, incoming, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  // Bind first, ask later: of two that start at once exactly one gets the socket.
  await bind(server, path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    const running = await cloudStatus(home)
    if (running) throw alreadyRunning(running)
    await rm(path, { force: true })
    await bind(server, path)
  })
  if (process.platform !== 'win32') await chmod(path, OWNER_ONLY)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export const alreadyRunning = (status: CloudStatus): Refusal =>
  new Refusal(
    'already_running',
    `The local cloud of this checkout is already ${status.state === 'ready' ? 'running' : status.state} (process ${status.pid}):\n` +
      `  edge ${status.edgeUrl}\n  AWS  ${status.endpoint}`,
    'Use it, stop it with `npm run down`, or set BACKLOT_HOME, BACKLOT_PORT and BACKLOT_CLOUD_PORT for a second one.',
  )

async function call(home: Home, method: 'GET' | 'POST', path: string, body?: string): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath: socketPath(home), method, path }, resolve)
      .on('error', reject)
      .end(body)
  })
  if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode} ${await readText(answer)}`)
  return answer
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error &&
  ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '')

/** The cloud that runs in this home; undefined when none does. */
export async function cloudStatus(home: Home): Promise<CloudStatus | undefined> {
  try {
    return JSON.parse(await readText(await call(home, 'GET', '/status'))) as CloudStatus
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/** @throws Refusal `not_running`, or `busy` while it is being started or reset */
export async function requireCloud(home: Home): Promise<CloudStatus> {
  const status = await cloudStatus(home)
  if (!status)
    throw new Refusal(
      'not_running',
      'No local cloud runs in this checkout.',
      'Start one with `npm start`, or `npm run up` for the background.',
    )
  if (status.state !== 'ready')
    throw new Refusal('busy', `The local cloud is ${status.state}.`, 'Wait until it is ready: npm run status')
  return status
}

/** Asks the cloud to end; it is gone when `cloudStatus` says undefined and its process has left. */
export const askToStop = async (home: Home): Promise<void> => {
  await readText(await call(home, 'POST', '/stop'))
}

export const tellDeployed = async (home: Home, note: DeploymentNote): Promise<void> => {
  await readText(await call(home, 'POST', '/deployed', JSON.stringify(note)))
}

/** Resets the cloud and shows its progress here. Throws what the cloud refused with. */
export async function askToReset(home: Home, progress: Progress): Promise<void> {
  const play = playProgress(progress)
  let outcome: Outcome = { kind: 'failed', code: 'reset_failed', message: 'The cloud ended while it was being reset.' }
  for await (const line of createInterface({ input: await call(home, 'POST', '/reset') })) {
    const message = JSON.parse(line) as ProgressMessage | Outcome
    if (message.kind === 'done' || message.kind === 'failed') outcome = message
    else play(message)
  }
  requireDone(outcome)
}
