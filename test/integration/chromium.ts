/**
 * A browser with all that people's browsers do: the one that CHROME_PATH names, else the Chromium that the package
 * @sparticuz/chromium carries packed, for Linux on x64. Nothing is downloaded.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { inflate } from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'
import { CHECKOUT_STATE } from '../../local/home.ts'

/** Nothing but the pages' own requests, and no GPU, which machines of tests have not. */
const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-sync',
  '--no-first-run',
]

const PACKAGE = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..')
const HINT = 'set CHROME_PATH to an installed Chrome or Chromium'

export interface Installed {
  readonly executablePath: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** The browser, or why there is none that this machine can run. */
export type Found =
  | { readonly installed: Installed; readonly why?: never }
  | { readonly installed?: never; readonly why: string }

export async function findBrowser(): Promise<Found> {
  const chosen = process.env['CHROME_PATH']
  if (chosen) return { installed: { executablePath: chosen } }
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { why: `no browser for ${process.platform} on ${process.arch} comes with the packages: ${HINT}` }
  const folder = await unpacked()
  const executablePath = join(folder, 'chromium')
  // Bare systems lack NSS; the package has it from Amazon Linux.
  const libraries = [process.env['LD_LIBRARY_PATH'], join(folder, 'al2023/lib')].filter(Boolean).join(':')
  const env = { ...process.env, LD_LIBRARY_PATH: libraries }
  const refusal = await promisify(execFile)(executablePath, ['--version'], { env }).then(
    () => undefined,
    (error: Error) => error.message.trim().split('\n').at(-1),
  )
  return refusal === undefined
    ? { installed: { executablePath, env } }
    : { why: `Chromium does not run on this system (${refusal}): ${HINT}` }
}

export const launchBrowser = (installed: Installed): Promise<Browser> =>
  chromium.launch({ ...installed, args: ARGUMENTS })

/** The folder with Chromium, unpacked at its first use. It appears whole: an interrupted unpacking leaves nothing that counts. */
async function unpacked(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { readonly version: string }
  const folder = join(CHECKOUT_STATE, `chromium-${version}`)
  if (existsSync(folder)) return folder
  await mkdir(CHECKOUT_STATE, { recursive: true })
  const partial = await mkdtemp(`${folder}-`)
  const before = process.env['TMPDIR']
  try {
    // The package unpacks into the folder for temporary files, and takes what lies there already, even of another version.
    process.env['TMPDIR'] = partial
    await Promise.all(['chromium.br', 'al2023.tar.br'].map((name) => inflate(join(PACKAGE, 'bin', name))))
    await rename(partial, folder)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
  return folder
}
