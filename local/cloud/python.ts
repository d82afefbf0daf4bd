/** Finds a Python that LocalStack runs on. Runs candidates, changes nothing. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Refusal } from '../refusal.ts'

/** The oldest that LocalStack 4.14.0 can be made to run on (it is written for 3.13). */
const OLDEST = [3, 11] as const
const EXPECTED = `Python ${OLDEST.join('.')} or newer`
/** In the order in which they are tried: the version that LocalStack is made for first. */
const CANDIDATES = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python']
/** A version manager's shim may take a second on a cold disk. */
const PROBE_TIMEOUT_MS = 15_000
const PROBE = `
import json, sys
try:
    import ensurepip, venv
    complete = True
except ImportError:
    complete = False
print(json.dumps({"path": sys.executable, "version": list(sys.version_info[:3]), "complete": complete}))`

export interface Python {
  /** Absolute path of the interpreter. */
  readonly path: string
  /** `3.11.7` */
  readonly version: string
}

interface Found {
  readonly path: string
  readonly version: readonly number[]
  /** Whether it can make virtual environments. */
  readonly complete: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The Python that BACKLOT_PYTHON names, otherwise the first fitting one on PATH.
 * @throws Refusal `python_missing`, `python_too_old` (naming path and version), `python_incomplete` (no venv module)
 */
export async function findPython(environment: Environment = process.env): Promise<Python> {
  const chosen = environment['BACKLOT_PYTHON']
  const unfit: Found[] = []
  for (const candidate of chosen ? [chosen] : CANDIDATES) {
    const found = await probe(candidate, environment)
    if (found && isNewEnough(found) && found.complete) return { path: found.path, version: found.version.join('.') }
    if (found) unfit.push(found)
  }
  throw refusal(unfit, chosen)
}

const isNewEnough = ({ version: [major = 0, minor = 0] }: Found): boolean =>
  major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])

async function probe(command: string, environment: Environment): Promise<Found | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, ['-c', PROBE], {
      env: environment,
      timeout: PROBE_TIMEOUT_MS,
    })
    return JSON.parse(stdout) as Found
  } catch {
    return undefined
  }
}

function refusal(unfit: readonly Found[], chosen: string | undefined): Refusal {
  const hint = `Install ${EXPECTED} (https://www.python.org/downloads/), or name one: BACKLOT_PYTHON=/path/to/python3 npm start`
  const incomplete = unfit.find(isNewEnough)
  if (incomplete)
    return new Refusal(
      'python_incomplete',
      `expected a Python with the modules venv and ensurepip, got ${incomplete.path} ${incomplete.version.join('.')} without them`,
      'On Debian and Ubuntu: apt install python3-venv',
    )
  const where = chosen ? `BACKLOT_PYTHON (${chosen})` : 'PATH'
  if (unfit.length === 0) return new Refusal('python_missing', `expected ${EXPECTED} on ${where}, found none`, hint)
  const got = [...new Set(unfit.map(({ path, version }) => `${path} ${version.join('.')}`))].join(', ')
  return new Refusal('python_too_old', `expected ${EXPECTED} on ${where}, got ${got}`, hint)
}
