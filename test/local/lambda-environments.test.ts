/** Lambda environments of the local cloud: the code that they run, their work after the answer, and how many there are. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import {
  GetFunctionCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { isAlive } from '../../local/lock.ts'
import { childrenOf, clientOptions, Emulator, ENVIRONMENTS, eventually, START_DEADLINE_MS } from './emulator.ts'

let emulator: Emulator
beforeAll(async () => {
  emulator = await Emulator.start()
}, START_DEADLINE_MS)
afterAll(() => emulator.stop())

describe('code', () => {
  test('that changed on disk is used by the next invocation', async () => {
    const code = await emulator.createFunction('reloads', `export const handler = async () => 'old'`)
    expect((await emulator.invoke('reloads')).payload).toBe('old')
    await writeFile(
      join(code, 'index.mjs'),
      `import { text } from './more/text.mjs'\nexport const handler = async () => text`,
    )
    await mkdir(join(code, 'more'))
    await writeFile(join(code, 'more', 'text.mjs'), `export const text = 'new'`)
    expect((await emulator.invoke('reloads')).payload).toBe('new')
    await writeFile(join(code, 'more', 'text.mjs'), `export const text = 'newer'`)
    expect((await emulator.invoke('reloads')).payload).toBe('newer')
  })

  test('that is updated does not end the invocation that runs', async () => {
    const started = join(emulator.folder, 'started')
    await emulator.createFunction(
      'updated',
      `import { writeFileSync } from 'node:fs'
       export const handler = async ({ started }) => {
         writeFileSync(started, ''); await new Promise((done) => setTimeout(done, 1000)); return process.pid }`,
    )
    const running = emulator.invoke('updated', { started })
    await eventually('the invocation to run', () => readFile(started).catch(() => undefined))
    await emulator.lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'updated', Description: 'newer' }),
    )
    await eventually('the update', async () => {
      const { Configuration } = await emulator.lambda.send(new GetFunctionCommand({ FunctionName: 'updated' }))
      return Configuration?.LastUpdateStatus === 'Successful'
    })
    const { error, payload } = await running
    expect(error).toBeUndefined()
    await eventually('the end of its process', async () => !isAlive(payload))
  })

  test('of a layer is unpacked once and seen by all environments of all functions', async () => {
    const layer = await emulator.lambda.send(
      new PublishLayerVersionCommand({
        LayerName: 'shared',
        Content: { ZipFile: await zip({ 'nodejs/node_modules/shared/index.js': 'module.exports = __filename' }) },
      }),
    )
    const source = `import { createRequire } from 'node:module'
      const require = createRequire(import.meta.url)
      export const handler = async () => { await new Promise((done) => setTimeout(done, 100)); return { pid: process.pid, file: require('shared') } }`
    for (const name of ['layer-a', 'layer-b'])
      await emulator.createFunction(name, source, { layers: [layer.LayerVersionArn ?? ''] })
    const answers = await Promise.all(['layer-a', 'layer-a', 'layer-b'].map((name) => emulator.invoke(name)))
    expect(new Set(answers.map(({ payload }) => payload.pid)).size).toBe(3)
    expect(new Set(answers.map(({ payload }) => payload.file)).size).toBe(1)
  })
})

/** An internal extension as layers/core has one, in few lines: works 300 ms after each answer. */
/** Its after-work begins once there is a file with the event's name and `.go`. */
const WORKS_AFTERWARDS = `
  import { appendFileSync, existsSync } from 'node:fs'
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
      while (!existsSync(file + '.go')) await new Promise((done) => setTimeout(done, 10))
      appendFileSync(file, eventType + ' ' + requestId + '\\n')
      console.log('worked afterwards')
    }
  }
  void follow()
  export const handler = async (event, context) => { answered.resolve(event); return { id: context.awsRequestId, pid: process.pid } }`

describe('an extension in the handler’s process', () => {
  test('works after the answer, and the environment serves again when it is done', async () => {
    const file = join(emulator.folder, 'after-work')
    await emulator.createFunction('extended', WORKS_AFTERWARDS)
    const first = await emulator.invoke('extended', { file })
    const writtenAtAnswer = await readFile(file, 'utf8').catch(() => '')
    expect(writtenAtAnswer).toBe('')
    await writeFile(`${file}.go`, '')
    const text = await eventually('the after-work', () => readFile(file, 'utf8').catch(() => undefined))
    expect(text).toBe(`INVOKE ${first.payload.id}\n`)
    await eventually('its output in the log', async () =>
      (await emulator.functionLog('extended')).includes('worked afterwards'),
    )
    const second = await emulator.invoke('extended', { file })
    expect(second.payload.pid).toBe(first.payload.pid)
    await eventually('the second after-work', async () => (await readFile(file, 'utf8')).split('\n').length === 3)
  })

  test('does not hold up other invocations: they get another environment', async () => {
    await emulator.createFunction('extended-twice', WORKS_AFTERWARDS)
    const file = join(emulator.folder, 'after-work-twice')
    const first = await emulator.invoke('extended-twice', { file })
    const second = await emulator.invoke('extended-twice', { file })
    expect(second.payload.pid).not.toBe(first.payload.pid)
    await writeFile(`${file}.go`, '')
    await eventually(
      'both after-works',
      async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').length === 3,
    )
  })

  test('that never finishes loses its environment when the function’s time is over', async () => {
    await emulator.createFunction('extended-stuck', WORKS_AFTERWARDS, { timeout: 1 })
    const { payload } = await emulator.invoke('extended-stuck', { file: 'never' })
    expect(isAlive(payload.pid)).toBe(true)
    await eventually('its end', async () => !isAlive(payload.pid))
    expect((await emulator.invoke('extended-stuck', { file: join(emulator.folder, 'unused') })).error).toBeUndefined()
  })
})

describe('environments', () => {
  test('are bounded: the longest idle one makes room, and invocations wait for a free one', async () => {
    const runtimes = async () =>
      (await childrenOf(emulator.cloud.pid)).filter(({ command }) => command.includes('runtime.mjs'))
    const source = 'export const handler = async () => { await new Promise((done) => setTimeout(done, 100)) }'
    for (let i = 0; i < ENVIRONMENTS + 1; i++) {
      await emulator.createFunction(`one-of-many-${i}`, source)
      expect((await emulator.invoke(`one-of-many-${i}`)).error).toBeUndefined()
    }
    expect(await runtimes()).toHaveLength(ENVIRONMENTS)
    const many = await Promise.all(Array.from({ length: 2 * ENVIRONMENTS }, () => emulator.invoke('one-of-many-0')))
    expect(many.filter(({ error }) => error !== undefined)).toEqual([])
    expect((await runtimes()).length).toBeLessThanOrEqual(ENVIRONMENTS)
  })

  test('start a few at once: a crowd is served by the first that are there', async () => {
    const crowd = 12 * availableParallelism()
    process.env['BACKLOT_LAMBDA_ENVIRONMENTS'] = `${crowd}`
    const other = await emulator.startAnother('roomy').finally(() => {
      process.env['BACKLOT_LAMBDA_ENVIRONMENTS'] = `${ENVIRONMENTS}`
    })
    const on = new LambdaClient({ ...clientOptions(other), requestHandler: { maxSockets: crowd } })
    try {
      const source =
        'await new Promise((done) => setTimeout(done, 300)); export const handler = async () => process.pid'
      await emulator.createFunction('crowded', source, { on })
      const answers = await Promise.all(Array.from({ length: crowd }, () => emulator.invoke('crowded', {}, on)))
      expect(answers.filter(({ error }) => error !== undefined)).toEqual([])
      expect(new Set(answers.map(({ payload }) => payload)).size).toBeLessThanOrEqual(crowd / 2)
    } finally {
      await other.stop()
    }
  })
})

async function zip(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = new ZipFile()
  for (const [path, text] of Object.entries(files)) archive.addBuffer(Buffer.from(text), path)
  archive.end()
  const chunks: Buffer[] = []
  for await (const chunk of archive.outputStream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
