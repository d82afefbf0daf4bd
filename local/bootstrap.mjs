/**
 * The first thing that every npm script runs, by whatever Node the machine has (20 or newer): installs node_modules
 * when they don't match the lockfile, then runs the command by the project's own Node 24. Plain JavaScript without
 * a dependency, because nothing is installed yet when it runs.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 20
/** The version of Lambda's nodejs24.x runtime, which the whole project runs on. */
const PROJECT_NODE = 24
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
/** How often the line of a running installation is renewed: on a terminal, and in a log. */
const TICK_MS = { terminal: 100, log: 5_000 }

const root = resolve(fileURLToPath(import.meta.url), '../..')
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.backlot-lock')
const logFile = join(root, '.backlot', 'logs', 'npm-ci.log')

function refuse(message, hint) {
  process.stderr.write(`\n${message}\n${hint ? `${hint}\n` : ''}`)
  process.exit(1)
}

const majorOf = (version) => Number(version.replace(/^v/, '').split('.')[0])

function requireNode() {
  if (majorOf(process.version) >= OLDEST_NODE) return
  refuse(
    `expected Node ${OLDEST_NODE} or newer, got ${process.version} (${process.execPath})`,
    'Install a newer one: https://nodejs.org',
  )
}

/** The lockfile and the platform: node_modules of another system (a mounted folder) don't fit. */
function wantedStamp() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  return createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex')
}

/**
 * Whether what npm installed last, by its own record, is what the lockfile says: after `npm install` it is. Optional
 * packages of other platforms may be absent.
 */
function isInstalled() {
  const record = join(modules, '.package-lock.json')
  if (!existsSync(record)) return false
  const { packages: wanted } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { packages: installed } = JSON.parse(readFileSync(record, 'utf8'))
  return Object.entries(wanted).every(([path, entry]) => {
    const there = installed[path]
    if (path === '' || (!there && entry.optional && !isForThisPlatform(entry))) return true
    return there?.version === entry.version && there?.integrity === entry.integrity && existsSync(join(root, path))
  })
}

/** Packages that name a C library are left to npm, which knows which one the machine has. */
function isForThisPlatform({ os, cpu, libc }) {
  const names = (list, mine) => list !== undefined && [list].flat().includes(mine)
  return !libc && names(os, process.platform) && names(cpu, process.arch)
}

async function install() {
  const wanted = wantedStamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return
  if (isInstalled()) return writeFileSync(stampFile, wanted)
  mkdirSync(join(root, '.backlot', 'logs'), { recursive: true })
  writeFileSync(logFile, '')
  const start = performance.now()
  const endProgress = showProgress('Node packages', start)
  let { code, output } = await runNpm(['ci'])
  if (code !== 0 && lacksOnlyOtherPlatforms(output)) ({ code, output } = await runNpm(['install', '--no-save']))
  endProgress(code === 0)
  if (code !== 0) refuse(...reasonOf(output, code))
  writeFileSync(stampFile, wanted)
}

/**
 * A lockfile that was written where the registry has no packages of other platforms names them without a version:
 * `npm ci` refuses it, `npm install` takes everything else from it as it is.
 */
function lacksOnlyOtherPlatforms(output) {
  const complaints = output.match(/(?:Missing|Invalid): .*/g) ?? []
  return (
    output.includes('EUSAGE') && complaints.length > 0 && complaints.every((line) => / \S+@ from lock file/.test(line))
  )
}

function runNpm(command) {
  return new Promise((done) => {
    let output = ''
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const child = spawn(npm, [...command, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        appendFileSync(logFile, chunk)
        output += chunk
      })
    child.on('error', (error) => done({ code: -1, output: String(error) }))
    child.on('close', (code) => done({ code, output }))
  })
}

/** npm's wall of text is in the log; this is the line that matters. */
function reasonOf(output, code) {
  const hint = `The whole output: ${logFile}`
  if (output.includes('ENOENT') && code === -1)
    return ['expected npm on PATH, found none', 'Install Node with npm: https://nodejs.org']
  const network =
    /(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|EHOSTUNREACH)/.exec(
      output,
    )?.[1]
  if (network)
    return [
      `expected to reach the npm registry to install the packages, got ${network}`,
      `Connect to the network and run it again. ${hint}`,
    ]
  if (/EUSAGE|in sync/.test(output))
    return ['expected package-lock.json to match package.json, it does not', `Run npm install. ${hint}`]
  const reason = /npm (?:error|ERR!)\s+(?!code|errno|syscall)(.+)/.exec(output)?.[1] ?? `exit code ${code}`
  return [`expected npm ci to install the packages, got: ${reason}`, hint]
}

function showProgress(title, start) {
  const terminal = process.stderr.isTTY
  const time = () => `${((performance.now() - start) / 1000).toFixed(1)} s`
  const tick = () => process.stderr.write(terminal ? `\r\u001b[2K… ${title} ${time()}` : `… ${title} ${time()}\n`)
  const timer = setInterval(tick, terminal ? TICK_MS.terminal : TICK_MS.log)
  return (succeeded) => {
    clearInterval(timer)
    process.stderr.write(`${terminal ? '\r\u001b[2K' : ''}${succeeded ? '✓' : '✗'} ${title} ${time()}\n`)
  }
}

/** The project's own Node comes as a platform package; where there is none, the machine's does when it is new enough. */
function projectNode() {
  const own = join(modules, '.bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(own)) return own
  if (majorOf(process.version) >= PROJECT_NODE) return process.execPath
  refuse(
    `expected Node ${PROJECT_NODE} for ${process.platform}-${process.arch} in node_modules, there is none, and ${process.execPath} is ${process.version}`,
    `Install Node ${PROJECT_NODE} or newer: https://nodejs.org`,
  )
}

/**
 * Runs the command and ends as it does. Signals go on to it; it decides how to stop. The channel between the two
 * closes when this process is killed, which the command sees as `disconnect`.
 */
function runCommand(node, args) {
  const path = [join(modules, '.bin'), process.env.PATH].join(delimiter)
  const child = spawn(node, [join(root, 'local', 'main.ts'), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: path },
  })
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => refuse(`expected ${node} to run, got ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

requireNode()
await install()
runCommand(projectNode(), process.argv.slice(2))
