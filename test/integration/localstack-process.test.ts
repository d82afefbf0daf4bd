/**
 * The emulator as a process of ours: what Lambda environments do when handlers fail, change and go on working, and
 * what is left when the emulator dies. Starts LocalStack itself, on ports and in folders of its own.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { type LocalStack, startLocalStack } from '../../local/cloud/localstack.ts'
import { ensureSetUp } from '../../local/cloud/setup.ts'
import { homeAt } from '../../local/home.ts'
import { isAlive } from '../../local/lock.ts'
import { freePort, isPortFree } from '../../local/ports.ts'
import { silentProgress } from '../../local/progress.ts'

/** Small, so that the bound is reached with few processes. */
const ENVIRONMENTS = 4
const DEADLINE_MS = 10_000
const POLL_MS = 20
/** LocalStack keeps objects up to 512 KB in memory. */
const LARGE_OBJECT_BYTES = 1024 * 1024

let folder: string
let cloud: LocalStack
let lambda: LambdaClient

beforeAll(async () => {
  await ensureSetUp(silentProgress)
  folder = await mkdtemp(join(tmpdir(), 'backlot-process-'))
  process.env['BACKLOT_LAMBDA_ENVIRONMENTS'] = `${ENVIRONMENTS}`
  cloud = await start('one')
  lambda = new LambdaClient(clientOptions(cloud))
}, 120_000)

afterAll(async () => {
  await cloud.stop()
  await rm(folder, { recursive: true, force: true })
})

const start = async (name: string, onExit?: () => void): Promise<LocalStack> =>
  startLocalStack({ home: homeAt(join(folder, name)), port: await freePort(), ...(onExit && { onExit }) })

const clientOptions = ({ endpoint }: LocalStack) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
  forcePathStyle: true,
})

/** Waits for a condition; fails with its name when it does not hold in time. */
async function eventually<T>(name: string, condition: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + DEADLINE_MS; ; ) {
    const result = await condition()
    if (result) return result
    if (Date.now() > deadline) throw new Error(`expected ${name} within ${DEADLINE_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

interface FunctionOptions {
  readonly timeout?: number
  readonly handler?: string
  readonly layers?: string[]
  readonly on?: LambdaClient
}

/** A function whose code is read from a folder of the test at each change. Returns that folder. */
async function createFunction(name: string, source: string, options: FunctionOptions = {}): Promise<string> {
  const code = join(folder, 'code', name)
  await mkdir(code, { recursive: true })
  await writeFile(join(code, 'index.mjs'), source)
  const client = options.on ?? lambda
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

interface Outcome {
  readonly error: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: whatever the handler of the test returns
  readonly payload: any
}

async function invoke(name: string, event: unknown = {}, on = lambda): Promise<Outcome> {
  const answer = await on.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }))
  return { error: answer.FunctionError, payload: JSON.parse(answer.Payload?.transformToString() ?? 'null') }
}

const childrenOf = async (pid: number): Promise<{ pid: number; command: string }[]> => {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='])
  return stdout.split('\n').flatMap((line) => {
    const [, own, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return Number(parent) === pid ? [{ pid: Number(own), command: command ?? '' }] : []
  })
}

const functionLog = (name: string): Promise<string> =>
  readFile(join(folder, 'one', 'logs', 'functions', `${name}.log`), 'utf8')

describe('an invocation', () => {
  test('reuses the process, with the variables that AWS sets', async () => {
    await createFunction(
      'environment',
      `export const handler = async (event, context) => ({ pid: process.pid, event, variables: process.env,
        left: context.getRemainingTimeInMillis(), id: context.awsRequestId, arn: context.invokedFunctionArn })`,
    )
    const first = await invoke('environment', { a: 'ü' })
    const second = await invoke('environment')
    expect(first).toMatchObject({
      payload: {
        event: { a: 'ü' },
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:environment',
        variables: {
          _HANDLER: 'index.handler',
          LAMBDA_TASK_ROOT: join(folder, 'code', 'environment'),
          AWS_LAMBDA_FUNCTION_NAME: 'environment',
          AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
          AWS_ENDPOINT_URL: cloud.endpoint,
          _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-/),
        },
      },
    })
    expect(first.payload.left).toBeGreaterThan(4_000)
    expect(first.payload.variables).not.toHaveProperty('NODE_OPTIONS')
    expect(second.payload.pid).toBe(first.payload.pid)
    expect(second.payload.id).not.toBe(first.payload.id)
  })

  test('that ends its process fails alone, and the next one gets a new process', async () => {
    await createFunction(
      'crash',
      `export const handler = async ({ exit }) => { if (exit !== undefined) process.exit(exit); return process.pid }`,
    )
    const before = await invoke('crash')
    expect(await invoke('crash', { exit: 3 })).toMatchObject({
      error: 'Unhandled',
      payload: {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Runtime exited with error: exit status 3$/),
      },
    })
    expect(await invoke('crash', { exit: 0 })).toMatchObject({
      payload: {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/Runtime exited without providing a reason$/),
      },
    })
    const after = await invoke('crash')
    expect(after.error).toBeUndefined()
    expect(after.payload).not.toBe(before.payload)
  })

  test('that throws, or rejects where nobody waits, fails with the error and its name', async () => {
    await createFunction(
      'throws',
      `class OutOfStock extends Error { name = 'OutOfStock' }
       export const handler = async ({ how }) => {
         if (how === 'throw') throw new OutOfStock('no more')
         if (how === 'reject') { Promise.reject(new TypeError('lost')); await new Promise(() => setInterval(() => {}, 1000)) }
         return process.pid }`,
    )
    expect(await invoke('throws', { how: 'throw' })).toMatchObject({
      error: 'Unhandled',
      payload: {
        errorType: 'OutOfStock',
        errorMessage: 'no more',
        trace: expect.arrayContaining(['OutOfStock: no more']),
      },
    })
    expect(await invoke('throws', { how: 'reject' })).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'TypeError: lost' },
    })
    expect((await invoke('throws')).error).toBeUndefined()
  })

  test('that takes too long ends as Sandbox.Timedout, even in an endless loop', async () => {
    await createFunction('slow', 'export const handler = async ({ loop }) => { while (loop); return process.pid }', {
      timeout: 1,
    })
    expect(await invoke('slow', { loop: true })).toMatchObject({
      error: 'Unhandled',
      payload: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/Error: Task timed out after 1\.00 seconds$/),
      },
    })
    expect((await invoke('slow')).error).toBeUndefined()
  })

  test('reports errors at init as AWS does, and loads the handler anew the next time', async () => {
    const code = await createFunction('init', `import 'missing-package'\nexport const handler = async () => 'never'`)
    expect(await invoke('init')).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'Runtime.ImportModuleError', errorMessage: expect.stringContaining('missing-package') },
    })
    await writeFile(join(code, 'index.mjs'), `console.log('half way'); process.exit(4)`)
    expect(await invoke('init')).toMatchObject({
      payload: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 4') },
    })
    await writeFile(join(code, 'index.mjs'), 'export const other = 1')
    expect(await invoke('init')).toMatchObject({ payload: { errorType: 'Runtime.HandlerNotFound' } })
    await writeFile(join(code, 'index.mjs'), 'export const handler = (event, context, callback) => callback()')
    expect(await invoke('init')).toMatchObject({ payload: { errorType: 'Runtime.CallbackHandlerDeprecated' } })
    await writeFile(join(code, 'index.mjs'), `export const handler = async () => 'well'`)
    expect(await invoke('init')).toEqual({ error: undefined, payload: 'well' })
    expect(await functionLog('init')).toContain('half way')
  })

  test('takes and gives 6 MB, and not one byte more', async () => {
    const [requestLimit, answerLimit] = [6 * 1024 * 1024, 6 * 1024 * 1024 + 100]
    await createFunction('large', `export const handler = async ({ bytes = 0 }) => 'x'.repeat(bytes)`)
    // The quotes of the JSON string count.
    expect((await invoke('large', { bytes: answerLimit - 2 })).payload).toHaveLength(answerLimit - 2)
    expect(await invoke('large', { bytes: answerLimit - 1 })).toMatchObject({
      payload: { errorType: 'Function.ResponseSizeTooLarge' },
    })
    const filled = (bytes: number) => ({ filling: 'x'.repeat(bytes - JSON.stringify({ filling: '' }).length) })
    expect((await invoke('large', filled(requestLimit))).error).toBeUndefined()
    await expect(invoke('large', filled(requestLimit + 1))).rejects.toMatchObject({ name: 'RequestTooLargeException' })
  })

  test('leaves its output in the log file of its function and in CloudWatch Logs', async () => {
    await createFunction(
      'prints',
      `export const handler = async () => { console.log('to be read'); console.error('this too') }`,
    )
    await invoke('prints')
    expect(await functionLog('prints')).toMatch(
      /^START RequestId: \S+ Version: \$LATEST\nto be read\nthis too\nEND RequestId/,
    )
    const logs = new CloudWatchLogsClient(clientOptions(cloud))
    const query = new FilterLogEventsCommand({ logGroupName: '/aws/lambda/prints' })
    const messages = await eventually('the log events', () =>
      logs.send(query).then(
        ({ events = [] }) => events.length > 0 && events.map(({ message }) => message?.trim()),
        () => undefined,
      ),
    )
    expect(messages).toEqual(expect.arrayContaining(['to be read', 'this too']))
  })
})

describe('code', () => {
  test('that changed on disk is used by the next invocation', async () => {
    const code = await createFunction('reloads', `export const handler = async () => 'old'`)
    expect((await invoke('reloads')).payload).toBe('old')
    await writeFile(
      join(code, 'index.mjs'),
      `import { text } from './more/text.mjs'\nexport const handler = async () => text`,
    )
    await mkdir(join(code, 'more'))
    await writeFile(join(code, 'more', 'text.mjs'), `export const text = 'new'`)
    expect((await invoke('reloads')).payload).toBe('new')
    await writeFile(join(code, 'more', 'text.mjs'), `export const text = 'newer'`)
    expect((await invoke('reloads')).payload).toBe('newer')
  })

  test('that is updated does not end the invocation that runs', async () => {
    const started = join(folder, 'started')
    await createFunction(
      'updated',
      `import { writeFileSync } from 'node:fs'
       export const handler = async ({ started }) => {
         writeFileSync(started, ''); await new Promise((done) => setTimeout(done, 1000)); return process.pid }`,
    )
    const running = invoke('updated', { started })
    await eventually('the invocation to run', () => readFile(started).catch(() => undefined))
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'updated', Description: 'newer' }))
    await eventually('the update', async () => {
      const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: 'updated' }))
      return Configuration?.LastUpdateStatus === 'Successful'
    })
    const { error, payload } = await running
    expect(error).toBeUndefined()
    await eventually('the end of its process', async () => !isAlive(payload))
  })

  test('of a layer is unpacked once and seen by all environments of all functions', async () => {
    const layer = await lambda.send(
      new PublishLayerVersionCommand({
        LayerName: 'shared',
        Content: { ZipFile: await zip({ 'nodejs/node_modules/shared/index.js': 'module.exports = __filename' }) },
      }),
    )
    const source = `import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      export const handler = async () => { await new Promise((done) => setTimeout(done, 100)); return { pid: process.pid, file: require('shared') } }`
    for (const name of ['layer-a', 'layer-b'])
      await createFunction(name, source, { layers: [layer.LayerVersionArn ?? ''] })
    const answers = await Promise.all(['layer-a', 'layer-a', 'layer-b'].map((name) => invoke(name)))
    expect(new Set(answers.map(({ payload }) => payload.pid)).size).toBe(3)
    expect(new Set(answers.map(({ payload }) => payload.file)).size).toBe(1)
  })
})

/** An internal extension as layers/core has one, in few lines: works 300 ms after each answer. */
const WORKS_AFTERWARDS = `
  import { appendFileSync } from 'node:fs'
  const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension'
  const registered = await fetch(api + '/register', { method: 'POST', headers: { 'Lambda-Extension-Name': 'afterwards' },
    body: JSON.stringify({ events: ['INVOKE'] }) })
  const headers = { 'Lambda-Extension-Identifier': registered.headers.get('lambda-extension-identifier') }
  let answered = Promise.withResolvers()
  const follow = async () => {
    for (;;) {
      const { eventType, requestId } = await (await fetch(api + '/event/next', { headers })).json()
      const { file } = await answered.promise
      answered = Promise.withResolvers()
      await new Promise((done) => setTimeout(done, 300))
      if (file === 'never') await new Promise(() => {})
      appendFileSync(file, eventType + ' ' + requestId + '\\n')
      console.log('worked afterwards')
    }
  }
  void follow()
  export const handler = async (event, context) => { answered.resolve(event); return { id: context.awsRequestId, pid: process.pid } }`

describe('an extension in the handler’s process', () => {
  test('works after the answer, and the environment serves again when it is done', async () => {
    const file = join(folder, 'after-work')
    await createFunction('extended', WORKS_AFTERWARDS)
    const first = await invoke('extended', { file })
    const writtenAtAnswer = await readFile(file, 'utf8').catch(() => '')
    expect(writtenAtAnswer).toBe('')
    const text = await eventually('the after-work', () => readFile(file, 'utf8').catch(() => undefined))
    expect(text).toBe(`INVOKE ${first.payload.id}\n`)
    await eventually('its output in the log', async () => (await functionLog('extended')).includes('worked afterwards'))
    const second = await invoke('extended', { file })
    expect(second.payload.pid).toBe(first.payload.pid)
    await eventually('the second after-work', async () => (await readFile(file, 'utf8')).split('\n').length === 3)
  })

  test('does not hold up other invocations: they get another environment', async () => {
    await createFunction('extended-twice', WORKS_AFTERWARDS)
    const file = join(folder, 'after-work-twice')
    const first = await invoke('extended-twice', { file })
    const second = await invoke('extended-twice', { file })
    expect(second.payload.pid).not.toBe(first.payload.pid)
    await eventually(
      'both after-works',
      async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').length === 3,
    )
  })

  test('that never finishes loses its environment when the function’s time is over', async () => {
    await createFunction('extended-stuck', WORKS_AFTERWARDS, { timeout: 1 })
    const { payload } = await invoke('extended-stuck', { file: 'never' })
    expect(isAlive(payload.pid)).toBe(true)
    await eventually('its end', async () => !isAlive(payload.pid))
    expect((await invoke('extended-stuck', { file: join(folder, 'unused') })).error).toBeUndefined()
  })
})

describe('environments', () => {
  test('are bounded: the longest idle one makes room, and invocations wait for a free one', async () => {
    const runtimes = async () => (await childrenOf(cloud.pid)).filter(({ command }) => command.includes('runtime.mjs'))
    const source = 'export const handler = async () => { await new Promise((done) => setTimeout(done, 100)) }'
    for (let i = 0; i < ENVIRONMENTS + 1; i++) {
      await createFunction(`one-of-many-${i}`, source)
      expect((await invoke(`one-of-many-${i}`)).error).toBeUndefined()
    }
    expect(await runtimes()).toHaveLength(ENVIRONMENTS)
    const many = await Promise.all(Array.from({ length: 2 * ENVIRONMENTS }, () => invoke('one-of-many-0')))
    expect(many.filter(({ error }) => error !== undefined)).toEqual([])
    expect((await runtimes()).length).toBeLessThanOrEqual(ENVIRONMENTS)
  })
})

describe('a start is refused', () => {
  test('when LocalStack ends at once, with the end of its log', async () => {
    process.env['BACKLOT_LAMBDA_ENVIRONMENTS'] = 'many'
    try {
      await expect(start('broken')).rejects.toMatchObject({
        code: 'localstack_unhealthy',
        message: expect.stringMatching(/it ended with code 1\..*localstack\.log:.*ValueError.*'many'/s),
      })
    } finally {
      process.env['BACKLOT_LAMBDA_ENVIRONMENTS'] = `${ENVIRONMENTS}`
    }
  })

  test('when it is not healthy in time, and what was started is ended', async () => {
    const port = await freePort()
    const attempt = startLocalStack({ home: homeAt(join(folder, 'late')), port, healthyDeadlineMs: 1 })
    await expect(attempt).rejects.toMatchObject({
      code: 'localstack_unhealthy',
      message: expect.stringContaining('within 0.001 s'),
    })
    expect(await isPortFree(port)).toBe(true)
  })

  test('when the port is taken, naming who has it', async () => {
    const port = Number(new URL(cloud.endpoint).port)
    await expect(startLocalStack({ home: homeAt(join(folder, 'late')), port })).rejects.toMatchObject({
      code: 'port_taken',
      message: expect.stringContaining(`process ${cloud.pid}`),
      hint: expect.stringContaining('BACKLOT_CLOUD_PORT'),
    })
  })
})

describe('the process', () => {
  test('listens on the loopback interface only', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address && !address.internal && address.family === 'IPv4')
    expect(await accepts('127.0.0.1')).toBe(true)
    if (outside) expect(await accepts(outside.address)).toBe(false)
  })

  test('shares nothing with another one, and leaves nothing behind when it is killed', async () => {
    const exits: string[] = []
    const other = await start('two', () => exits.push('ended'))
    await keepsItsOwnObjects(other)
    const its = new LambdaClient(clientOptions(other))
    await createFunction('busy', 'export const handler = async ({ loop }) => { while (loop) {} }', {
      timeout: 60,
      on: its,
    })
    invoke('busy', { loop: true }, its).catch(() => {})
    const children = await eventually('a busy handler', async () => {
      const found = await childrenOf(other.pid)
      return found.some(({ command }) => command.includes('runtime.mjs')) && found
    })
    expect(children.map(({ command }) => command).join()).toContain('dynoxide')
    process.kill(other.pid, 'SIGKILL')
    await eventually('all children to be gone', async () => !children.some(({ pid }) => isAlive(pid)))
    expect(await other.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(exits).toEqual(['ended'])
    await other.stop()
  })
})

const accepts = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port: Number(new URL(cloud.endpoint).port) })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('close', () => socket.destroy())
    socket.once('connect', () => socket.destroy())
  })

async function keepsItsOwnObjects(other: LocalStack): Promise<void> {
  const [mine, its] = [cloud, other].map((one) => new S3Client(clientOptions(one))) as [S3Client, S3Client]
  for (const [client, body] of [
    [mine, 'mine'],
    [its, 'its'],
  ] as const) {
    await client.send(new CreateBucketCommand({ Bucket: 'same-name' }))
    await client.send(new PutObjectCommand({ Bucket: 'same-name', Key: 'key', Body: body }))
  }
  await its.send(new CreateBucketCommand({ Bucket: 'only-there' }))
  const object = await mine.send(new GetObjectCommand({ Bucket: 'same-name', Key: 'key' }))
  expect(await object.Body?.transformToString()).toBe('mine')
  const { Buckets } = await mine.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['same-name'])
  // A bucket's folder goes with it; objects of this size are files in it.
  await its.send(new DeleteObjectCommand({ Bucket: 'same-name', Key: 'key' }))
  await its.send(new DeleteBucketCommand({ Bucket: 'same-name' }))
  await mine.send(new PutObjectCommand({ Bucket: 'same-name', Key: 'large', Body: Buffer.alloc(LARGE_OBJECT_BYTES) }))
}

async function zip(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = new ZipFile()
  for (const [path, text] of Object.entries(files)) archive.addBuffer(Buffer.from(text), path)
  archive.end()
  const chunks: Buffer[] = []
  for await (const chunk of archive.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
