/** LocalStack as a process of a test's own, in a folder and on a port of its own, and functions made for the test. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateFunctionCommand, GetFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { type LocalStack, startLocalStack } from '../../local/cloud/localstack.ts'
import { ensureSetUp } from '../../local/cloud/setup.ts'
import { homeAt } from '../../local/home.ts'
import { freePort } from '../../local/ports.ts'
import { silentProgress } from '../../local/progress.ts'

/** Small, so that the bound is reached with few processes. */
export const ENVIRONMENTS = 4
/** The first start after an installation reads everything from disk. */
export const START_DEADLINE_MS = 120_000
const DEADLINE_MS = 10_000
const POLL_MS = 20

/** Waits for a condition; fails with its name when it does not hold in time. */
export async function eventually<T>(name: string, condition: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + DEADLINE_MS; ; ) {
    const result = await condition()
    if (result) return result
    if (Date.now() > deadline) throw new Error(`expected ${name} within ${DEADLINE_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

export const clientOptions = ({ endpoint }: LocalStack) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
  forcePathStyle: true,
})

export const childrenOf = async (pid: number): Promise<{ pid: number; command: string }[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='])
  return stdout.split('\n').flatMap((line) => {
    const [, own, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return Number(parent) === pid ? [{ pid: Number(own), command: command ?? '' }] : []
  })
}

export interface FunctionOptions {
  readonly timeout?: number
  readonly handler?: string
  readonly layers?: string[]
  readonly on?: LambdaClient
}

export interface Outcome {
  readonly error: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: whatever the handler of the test returns
  readonly payload: any
}

export class Emulator {
  /** Holds the homes of all LocalStacks of this test, and the code of its functions. */
  readonly folder: string
  readonly cloud: LocalStack
  readonly lambda: LambdaClient

  private constructor(folder: string, cloud: LocalStack) {
    this.folder = folder
    this.cloud = cloud
    this.lambda = new LambdaClient(clientOptions(cloud))
  }

  static async start(): Promise<Emulator> {
    await ensureSetUp(silentProgress)
    const folder = await mkdtemp(join(tmpdir(), 'backlot-process-'))
    process.env['BACKLOT_LAMBDA_ENVIRONMENTS'] = `${ENVIRONMENTS}`
    return new Emulator(folder, await startLocalStack({ home: homeAt(join(folder, 'one')), port: await freePort() }))
  }

  async stop(): Promise<void> {
    await this.cloud.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** Another one, in another home. */
  async startAnother(name: string, onExit?: () => void): Promise<LocalStack> {
    const home = homeAt(join(this.folder, name))
    return startLocalStack({ home, port: await freePort(), ...(onExit && { onExit }) })
  }

  /** A function whose code is read from a folder of the test at each change. Returns that folder. */
  async createFunction(name: string, source: string, options: FunctionOptions = {}): Promise<string> {
    const code = join(this.folder, 'code', name)
    await mkdir(code, { recursive: true })
    await writeFile(join(code, 'index.mjs'), source)
    const client = options.on ?? this.lambda
    await client.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: 'nodejs24.x',
        Role: 'arn:aws:iam::000000000000:role/any',
        Handler: options.handler ?? 'index.handler',
        Timeout: options.timeout ?? 5,
        Layers: options.layers,
        Code: { S3Bucket: 'hot-reload', S3Key: code },
      }),
    )
    await eventually(`${name} to be active`, async () => {
      const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: name }))
      return Configuration?.State === 'Active'
    })
    return code
  }

  async invoke(name: string, event: unknown = {}, on = this.lambda): Promise<Outcome> {
    const answer = await on.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }))
    return { error: answer.FunctionError, payload: JSON.parse(answer.Payload?.transformToString() ?? 'null') }
  }

  functionLog(name: string): Promise<string> {
    return readFile(join(this.folder, 'one', 'logs', 'functions', `${name}.log`), 'utf8')
  }
}
