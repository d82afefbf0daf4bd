/**
 * Packages with native code, which can't be bundled: laid out in `.backlot/layers/<name>/<platform>/` as a Lambda layer
 * wants them (`nodejs/node_modules/…`). What the checkout has for this platform is copied; for another one its package is
 * fetched once with npm and checked against package-lock.json.
 */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from './environments.ts'
import { ROOT } from './sources.ts'

export interface NativeModules {
  /** The layer's part of its name. */
  readonly name: string
  /** Packages that are the same everywhere. */
  readonly packages: readonly string[]
  /** The package with the native code, without its platform. */
  readonly binding: string
}

export const DUCKDB: NativeModules = {
  name: 'duckdb',
  packages: ['@duckdb/node-api', '@duckdb/node-bindings'],
  binding: '@duckdb/node-bindings',
}

/** Lambda functions of ours run on arm64; the local cloud runs them on the machine itself. */
export function platformOf({ name }: Pick<Environment, 'name'>): string {
  if (name === 'local') return `${process.platform}-${process.arch}`
  return name === 'localstack' ? `linux-${process.arch}` : 'linux-arm64'
}

const lockedPackage = (root: string, name: string): { readonly version: string; readonly integrity?: string } => {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity?: string }>
  }
  const found = lock.packages[`node_modules/${name}`]
  if (!found) throw new Error(`expected ${name} in package-lock.json, got none`)
  return found
}

/** The layer's content; its name changes with the version, so that nothing in it ever does. */
export function layerFolder(modules: NativeModules, platform: string, root = ROOT): string {
  const { version } = lockedPackage(root, `${modules.binding}-${platform}`)
  return path.join(root, '.backlot', 'layers', modules.name, `${version.replaceAll('.', '_')}-${platform}`)
}

/** Makes the layer's folder unless it is there. @throws when a package can't be fetched or is not the locked one. */
export async function prepareLayer(
  modules: NativeModules,
  environment: Pick<Environment, 'name'>,
  root = ROOT,
): Promise<string> {
  const platform = platformOf(environment)
  const folder = layerFolder(modules, platform, root)
  if (existsSync(folder)) return folder
  const partial = `${folder}.${randomUUID()}.partial`
  const target = path.join(partial, 'nodejs/node_modules')
  const binding = `${modules.binding}-${platform}`
  for (const name of modules.packages) await copyPackage(path.join(root, 'node_modules', name), path.join(target, name))
  const installed = path.join(root, 'node_modules', binding)
  if (existsSync(installed)) await copyPackage(installed, path.join(target, binding))
  else await fetchPackage(binding, root, path.join(target, binding))
  // Another process may have been faster: then its folder stays, which holds the same.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }))
  return folder
}

/** Without what only people and compilers read. */
const copyPackage = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, filter: (file) => !/\.(d\.ts|map|md)$/.test(file) })

async function fetchPackage(name: string, root: string, target: string): Promise<void> {
  const { version, integrity = '' } = lockedPackage(root, name)
  const folder = `${target}.fetched`
  await mkdir(folder, { recursive: true })
  const run = promisify(execFile)
  await run('npm', ['pack', `${name}@${version}`, '--pack-destination', folder], { cwd: root })
  const [file = ''] = await readdir(folder)
  const archive = path.join(folder, file)
  const actual = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`
  if (actual !== integrity) throw new Error(`expected ${name} with ${integrity}, got ${actual}`)
  await mkdir(target, { recursive: true })
  await run('tar', ['-xzf', archive, '--strip-components=1', '-C', target])
  await rm(folder, { recursive: true })
}
