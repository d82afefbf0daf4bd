/**
 * Where a local cloud keeps its things. What depends on the checkout alone (Python packages, bundles) stays in the
 * checkout's `.backlot` and is shared; everything that a running cloud writes is under its home, so that two clouds
 * never share a folder. Pure paths: creates nothing.
 */
import { join, resolve } from 'node:path'

/** The root folder of the repository. */
export const CHECKOUT = resolve(import.meta.dirname, '..')

/** Shared by every cloud of this checkout. */
export const CHECKOUT_STATE = join(CHECKOUT, '.backlot')

export interface Home {
  /** BACKLOT_HOME, absolute. */
  readonly root: string
  readonly logs: string
  /** The emulator's own log. */
  readonly localStackLog: string
  /** One `<function name>.log` per function. */
  readonly functionLogs: string
  /** What the emulator keeps while it runs: removed when it stops. */
  readonly volume: string
  readonly outputs: string
  readonly pidFile: string
}

export function homeAt(folder: string): Home {
  const root = resolve(CHECKOUT, folder)
  const logs = join(root, 'logs')
  return {
    root,
    logs,
    localStackLog: join(logs, 'localstack.log'),
    functionLogs: join(logs, 'functions'),
    volume: join(root, 'localstack'),
    outputs: join(root, 'outputs.json'),
    pidFile: join(root, 'cloud.pid'),
  }
}

/** The home that BACKLOT_HOME names, relative to the checkout; default `.backlot`. */
export const homeOf = (environment: Readonly<Record<string, string | undefined>> = process.env): Home =>
  homeAt(environment['BACKLOT_HOME'] || CHECKOUT_STATE)
