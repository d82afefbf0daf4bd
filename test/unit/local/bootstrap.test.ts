/** The bootstrap in a checkout of its own, with an npm that the test wrote. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

let root: string
let bin: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backlot-bootstrap-'))
  bin = join(root, 'bin')
  await Promise.all([mkdir(bin), mkdir(join(root, 'local'))])
  await copyFile(join(import.meta.dirname, '../../../local/bootstrap.mjs'), join(root, 'local', 'bootstrap.mjs'))
  await writeFile(join(root, 'package-lock.json'), '{"packages":{"":{},"node_modules/one":{"version":"1.0.0"}}}')
  await writeFile(
    join(root, 'local', 'main.ts'),
    `console.log('ran', JSON.stringify(process.argv.slice(2)), process.env.PATH)`,
  )
})
afterEach(() => rm(root, { recursive: true }))

/** What npm does: a shell script; `$1` is its command. */
async function npm(script: string): Promise<void> {
  await writeFile(join(bin, 'npm'), `#!/bin/sh\necho "$1" >> '${root}/npm-calls'\n${script}\n`)
  await chmod(join(bin, 'npm'), 0o755)
}

const INSTALLS = `/bin/mkdir -p node_modules/.bin && /bin/ln -sf '${process.execPath}' node_modules/.bin/node`

interface Result {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function start(...args: string[]): { child: ChildProcess; result: Promise<Result> } {
  const child = spawn(process.execPath, args, { cwd: root, env: { PATH: bin } })
  let [out, err] = ['', '']
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  return { child, result: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))) }
}

const run = (...args: string[]): Promise<Result> => start('local/bootstrap.mjs', ...args).result
/** The same with another version of Node claimed. */
const runAs = (version: string): Promise<Result> =>
  start(
    '--import',
    `data:text/javascript,Object.defineProperty(process,'version',{value:'${version}'})`,
    'local/bootstrap.mjs',
  ).result

const npmCalls = async (): Promise<string> => readFile(join(root, 'npm-calls'), 'utf8').catch(() => '')

describe('bootstrap', () => {
  test('installs by the lockfile, then runs the command with its arguments and our binaries first on PATH', async () => {
    await npm(INSTALLS)
    const { code, out, err } = await run('deploy', '--env', 'x')
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^✓ Node packages [\d.]+ s\n$/) })
    expect(out).toBe(`ran ["deploy","--env","x"] ${join(root, 'node_modules/.bin')}:${bin}\n`)
    expect(await npmCalls()).toBe('ci\n')
  })

  test('installs once, and again when the lockfile changed', async () => {
    await npm(INSTALLS)
    await run()
    await run()
    expect(await npmCalls()).toBe('ci\n')
    await writeFile(join(root, 'package-lock.json'), '{"packages":{"":{},"node_modules/one":{"version":"1.0.1"}}}')
    await run()
    expect(await npmCalls()).toBe('ci\nci\n')
  })

  test('takes what npm itself has installed by the same lockfile', async () => {
    await npm('exit 1')
    await mkdir(join(root, 'node_modules/.bin'), { recursive: true })
    await mkdir(join(root, 'node_modules/one'))
    await symlink(process.execPath, join(root, 'node_modules/.bin/node'))
    await copyFile(join(root, 'package-lock.json'), join(root, 'node_modules/.package-lock.json'))
    expect((await run()).code).toBe(0)
    expect(await npmCalls()).toBe('')
  })

  test('installs past a lockfile that lacks only packages of other platforms', async () => {
    await npm(
      `if [ "$1" = ci ]; then echo 'npm error code EUSAGE\nnpm error Missing: tool-other@ from lock file'; exit 1; fi; ${INSTALLS}`,
    )
    expect((await run()).code).toBe(0)
    expect(await npmCalls()).toBe('ci\ninstall\n')
  })

  test('ends as the command ends, and passes signals on', async () => {
    await npm(INSTALLS)
    await writeFile(join(root, 'local', 'main.ts'), 'process.exit(7)')
    expect((await run()).code).toBe(7)
    await writeFile(
      join(root, 'local', 'main.ts'),
      `process.on('SIGTERM', () => process.exit(9)); console.log('up'); setInterval(() => {}, 1000)`,
    )
    const { child, result } = start('local/bootstrap.mjs')
    child.stdout?.once('data', () => child.kill('SIGTERM'))
    expect((await result).code).toBe(9)
  })

  test('when it is killed, the command hears of it', async () => {
    await npm(INSTALLS)
    const witness = join(root, 'witness')
    await writeFile(
      join(root, 'local', 'main.ts'),
      `import { writeFileSync } from 'node:fs'
       process.on('disconnect', () => { writeFileSync('${witness}', 'heard'); process.exit(0) }); console.log('up')`,
    )
    const { child, result } = start('local/bootstrap.mjs')
    child.stdout?.once('data', () => child.kill('SIGKILL'))
    await result
    expect(existsSync(witness)).toBe(true)
  })
})

describe('bootstrap refuses', () => {
  test('a Node that is too old', async () => {
    const { code, err } = await runAs('v18.20.0')
    expect(code).toBe(1)
    expect(err).toContain('expected Node 20 or newer, got v18.20.0')
  })

  test('to install without a network, in two lines, with npm’s own words in the log', async () => {
    await npm(`echo 'npm error code ENOTFOUND\nnpm error network request failed' >&2; exit 1`)
    const { code, err } = await run()
    expect(code).toBe(1)
    expect(err).toContain(
      'expected to reach the npm registry to install the packages, got ENOTFOUND\nConnect to the network',
    )
    expect(err).not.toContain('request failed')
    expect(await readFile(join(root, '.backlot/logs/npm-ci.log'), 'utf8')).toContain('request failed')
    expect(existsSync(join(root, 'node_modules'))).toBe(false)
  })

  test('a machine without npm', async () => {
    expect((await run()).err).toContain('expected npm on PATH, found none')
  })

  test('any other failure of npm with its reason', async () => {
    await npm(`echo 'npm error code EACCES\nnpm error permission denied: node_modules' >&2; exit 243`)
    expect((await run()).err).toContain('expected npm ci to install the packages, got: permission denied: node_modules')
  })

  test('a platform for which there is neither our Node 24 nor the machine’s', async () => {
    await npm('/bin/mkdir -p node_modules')
    const { code, err } = await runAs('v22.1.0')
    expect(code).toBe(1)
    expect(err).toContain(`expected Node 24 for ${process.platform}-${process.arch} in node_modules, there is none`)
    expect(dirname(process.execPath)).not.toBe('')
  })
})
