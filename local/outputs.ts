/** `.backlot/outputs.json`: everything that a script or a test needs to know about a running cloud. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CloudAddress } from './aws.ts'

export interface Outputs extends CloudAddress {
  readonly edge: { readonly url: string }
  /** Construct id → output name → value. API URLs are rewritten to the form that resolves. */
  readonly stacks: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** The seeded demo workspace. */
  readonly workspace: { readonly id: string; readonly name: string }
  /** Of the demo workspace. It exists only on local clouds. */
  readonly apiKey: string
}

/** API Gateway's host name form, which needs DNS for the emulator: `https://<id>.execute-api.<host>/<stage>/`. */
const API_HOST_URL = /^https?:\/\/([a-z0-9]+)\.execute-api\.[^/]+\/([^/]+)\/?$/

/** Rewrites API URLs in a stack's outputs to `<endpoint>/_aws/execute-api/<id>/<stage>`; keeps all else. */
export const reachableOutputs = (
  outputs: Readonly<Record<string, string>>,
  endpoint: string,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => {
      const [, id, stage] = API_HOST_URL.exec(value) ?? []
      return [name, id ? `${endpoint}/_aws/execute-api/${id}/${stage}` : value]
    }),
  )

/** Written whole or not at all: a reader never sees half a file. */
export async function writeOutputs(file: string, outputs: Outputs): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const partial = `${file}.${process.pid}.partial`
  await writeFile(partial, `${JSON.stringify(outputs, null, 2)}\n`)
  await rename(partial, file)
}

export const readOutputs = async (file: string): Promise<Outputs> => JSON.parse(await readFile(file, 'utf8')) as Outputs
