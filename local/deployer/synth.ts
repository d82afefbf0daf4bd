/** Runs the CDK app as the CLI would (`app` and `context` of cdk.json), without the CLI's second of start-up. */
import { spawn } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { Refusal } from '../refusal.ts'
import { type AssembledStack, readAssembly } from './assembly.ts'
import { fingerprint } from './fingerprint.ts'

export interface SynthOptions {
  /** The checkout. */
  readonly root: string
  /** Where the cloud assembly is written; each cloud has its own. */
  readonly outdir: string
  readonly context: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  /**
   * Takes what `outdir` holds when nothing that decides about it has changed. Not for an assembly that refers to folders
   * outside of it.
   * @default false
   */
  readonly reuse?: boolean | undefined
}

const cdkJson = z.object({ context: z.record(z.string(), z.unknown()).default({}) })
/** In the assembly's folder once it is complete: the fingerprint of what it was made from. */
const MARKER = 'backlot-inputs'
/** Enough for the error and the frames of our own code; the rest is the CDK's inside. */
const ERROR_LINES = 25

/** The part of a failed app's output that says what is wrong: from the error's line on, without the CDK's own frames. */
export function synthError(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => !/node_modules|node:internal|^Node\.js v/.test(line) && line.trim() !== '')
  const at = lines.findIndex((line) => /(^|\s)[A-Za-z]*Error\b.*:/.test(line))
  return lines.slice(Math.max(at, 0), Math.max(at, 0) + ERROR_LINES).join('\n')
}

const environmentOf = ({ root, outdir, environment }: SynthOptions, context: string): NodeJS.ProcessEnv => ({
  ...process.env,
  ...environment,
  CDK_OUTDIR: outdir,
  CDK_CONTEXT_JSON: context,
  CDK_DEFAULT_ACCOUNT: '000000000000',
  CDK_DEFAULT_REGION: 'us-east-1',
  // The template rules take longer than all the rest; `npm run check` and the CLI apply them, LocalStack is no place for it.
  CDK_VALIDATION: 'false',
  // Loading aws-cdk-lib is most of a synthesis; compiled once it takes half the time.
  NODE_COMPILE_CACHE: join(root, '.backlot/compile-cache'),
})

function run(options: SynthOptions, environment: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(options.root, 'infra/app.ts')], {
      cwd: options.root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: options.signal,
    })
    let output = ''
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** Synthesises all stacks. Throws Refusal `synth_failed` with the app's own error. */
export async function synthesise(options: SynthOptions): Promise<AssembledStack[]> {
  const { context: ownContext } = cdkJson.parse(JSON.parse(await readFile(join(options.root, 'cdk.json'), 'utf8')))
  const context = JSON.stringify({ ...ownContext, ...options.context })
  const environment = environmentOf(options, context)
  const marker = join(options.outdir, MARKER)
  const inputs = await fingerprint({ root: options.root, context, environment })
  if (options.reuse && (await readFile(marker, 'utf8').catch(() => '')) === inputs) return readAssembly(options.outdir)
  await rm(options.outdir, { recursive: true, force: true })
  await mkdir(options.outdir, { recursive: true })
  const { code, output } = await run(options, environment)
  if (code !== 0) throw new Refusal('synth_failed', `The CDK app could not be synthesised:\n${synthError(output)}`)
  // What a source that changed meanwhile would have come to, nobody knows.
  if ((await fingerprint({ root: options.root, context, environment })) === inputs) await writeFile(marker, inputs)
  return readAssembly(options.outdir)
}
