/** TCP ports on the loopback interface: is one free, who holds it, give me a free one. */
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { promisify } from 'node:util'
import { Refusal } from './refusal.ts'

const LOOPBACK = '127.0.0.1'
/** `lsof` walks all processes; on a busy machine that may take long, and the answer is only a courtesy. */
const LSOF_TIMEOUT_MS = 3_000
/** `st` of /proc/net/tcp: TCP_LISTEN (Linux, include/net/tcp_states.h). */
const LISTEN_STATE = '0A'

export interface PortHolder {
  readonly pid: number
  /** The command line, or what the system tells of it. */
  readonly command: string
}

/** Binds the port and lets go again. Without SO_REUSEPORT, so a listener on any address of the family counts. */
export function isPortFree(port: number, host: string = LOOPBACK): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error),
    )
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A port that was free a moment ago. Whoever uses it must still cope with its being taken. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port: 0, host: LOOPBACK }, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** @throws Refusal `port_taken`, naming the holder where the system tells and the variable that moves the port. */
export async function requirePort(port: number, variable: string): Promise<void> {
  if (!(await isPortFree(port))) throw await portTaken(port, variable)
}

/** The refusal of a port that is known to be taken. */
export async function portTaken(port: number, variable: string): Promise<Refusal> {
  const holder = await portHolder(port)
  const whom = holder ? `process ${holder.pid} (${holder.command})` : 'another process'
  return new Refusal(
    'port_taken',
    `expected port ${port} to be free; ${whom} listens on it`,
    `Stop it, or set ${variable} to another port.`,
  )
}

/** Who listens on the port; undefined when the system doesn't tell (another user's process, no /proc and no lsof). */
export async function portHolder(port: number): Promise<PortHolder | undefined> {
  return (await holderFromProc(port)) ?? (await holderFromLsof(port))
}

async function holderFromProc(port: number): Promise<PortHolder | undefined> {
  const inodes = new Set(
    (await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((table) => listeners(table, port)))).flat(),
  )
  if (inodes.size === 0) return undefined
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (await holdsSocket(pid, inodes)) return { pid: Number(pid), command: await commandLine(pid) }
  }
  return undefined
}

/** Socket inodes that listen on the port: columns `local_address`, `st` and `inode` of proc(5)'s table. */
async function listeners(table: string, port: number): Promise<string[]> {
  const text = await readFile(table, 'utf8').catch(() => '')
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === LISTEN_STATE)
    .flatMap((columns) => columns[9] ?? [])
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1]
    if (inode !== undefined && inodes.has(inode)) return true
  }
  return false
}

const commandLine = async (pid: string): Promise<string> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').join(' ').trim() || 'unknown command'

/** `-F pc` prints one field per line, each behind its letter: p<pid>, c<command>. */
async function holderFromLsof(port: number): Promise<PortHolder | undefined> {
  const query = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-F', 'pc']
  const output = await promisify(execFile)('lsof', query, { timeout: LSOF_TIMEOUT_MS }).catch(() => undefined)
  const pid = /^p(\d+)$/m.exec(output?.stdout ?? '')?.[1]
  if (pid === undefined) return undefined
  return { pid: Number(pid), command: /^c(.+)$/m.exec(output?.stdout ?? '')?.[1] ?? 'unknown command' }
}
