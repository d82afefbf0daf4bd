/** What Lambda environments of the local cloud do with invocations: reuse, failures, limits, logs. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOptions, Emulator, eventually, START_DEADLINE_MS } from './emulator.ts'

let emulator: Emulator
beforeAll(async () => {
  emulator = await Emulator.start()
}, START_DEADLINE_MS)
afterAll(() => emulator.stop())

describe('an invocation', () => {
  test('reuses the process, with the variables that AWS sets', async () => {
    await emulator.createFunction(
      'environment',
      `export const handler = async (event, context) => ({ pid: process.pid, event, variables: process.env,
        left: context.getRemainingTimeInMillis(), id: context.awsRequestId, arn: context.invokedFunctionArn })`,
    )
    const first = await emulator.invoke('environment', { a: 'ü' })
    const second = await emulator.invoke('environment')
    expect(first).toMatchObject({
      payload: {
        event: { a: 'ü' },
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:environment',
        variables: {
          _HANDLER: 'index.handler',
          LAMBDA_TASK_ROOT: join(emulator.folder, 'code', 'environment'),
          AWS_LAMBDA_FUNCTION_NAME: 'environment',
          AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
          AWS_ENDPOINT_URL: emulator.cloud.endpoint,
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
    await emulator.createFunction(
      'crash',
      `export const handler = async ({ exit }) => { if (exit !== undefined) process.exit(exit); return process.pid }`,
    )
    const before = await emulator.invoke('crash')
    expect(await emulator.invoke('crash', { exit: 3 })).toMatchObject({
      error: 'Unhandled',
      payload: {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Runtime exited with error: exit status 3$/),
      },
    })
    expect(await emulator.invoke('crash', { exit: 0 })).toMatchObject({
      payload: {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringMatching(/Runtime exited without providing a reason$/),
      },
    })
    const after = await emulator.invoke('crash')
    expect(after.error).toBeUndefined()
    expect(after.payload).not.toBe(before.payload)
  })

  test('that throws, or rejects where nobody waits, fails with the error and its name', async () => {
    await emulator.createFunction(
      'throws',
      `class OutOfStock extends Error { name = 'OutOfStock' }
       export const handler = async ({ how }) => {
         if (how === 'throw') throw new OutOfStock('no more')
         if (how === 'reject') { Promise.reject(new TypeError('lost')); await new Promise(() => setInterval(() => {}, 1000)) }
         return process.pid }`,
    )
    expect(await emulator.invoke('throws', { how: 'throw' })).toMatchObject({
      error: 'Unhandled',
      payload: {
        errorType: 'OutOfStock',
        errorMessage: 'no more',
        trace: expect.arrayContaining(['OutOfStock: no more']),
      },
    })
    expect(await emulator.invoke('throws', { how: 'reject' })).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'TypeError: lost' },
    })
    expect((await emulator.invoke('throws')).error).toBeUndefined()
  })

  test('that takes too long ends as Sandbox.Timedout, even in an endless loop', async () => {
    await emulator.createFunction(
      'slow',
      'export const handler = async ({ loop }) => { while (loop); return process.pid }',
      {
        timeout: 1,
      },
    )
    expect(await emulator.invoke('slow', { loop: true })).toMatchObject({
      error: 'Unhandled',
      payload: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/Error: Task timed out after 1\.00 seconds$/),
      },
    })
    expect((await emulator.invoke('slow')).error).toBeUndefined()
  })

  test('reports errors at init as AWS does, and loads the handler anew the next time', async () => {
    const code = await emulator.createFunction(
      'init',
      `import 'missing-package'\nexport const handler = async () => 'never'`,
    )
    expect(await emulator.invoke('init')).toMatchObject({
      error: 'Unhandled',
      payload: { errorType: 'Runtime.ImportModuleError', errorMessage: expect.stringContaining('missing-package') },
    })
    await writeFile(join(code, 'index.mjs'), `console.log('half way'); process.exit(4)`)
    expect(await emulator.invoke('init')).toMatchObject({
      payload: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 4') },
    })
    await writeFile(join(code, 'index.mjs'), 'export const other = 1')
    expect(await emulator.invoke('init')).toMatchObject({ payload: { errorType: 'Runtime.HandlerNotFound' } })
    await writeFile(join(code, 'index.mjs'), 'export const handler = (event, context, callback) => callback()')
    expect(await emulator.invoke('init')).toMatchObject({ payload: { errorType: 'Runtime.CallbackHandlerDeprecated' } })
    await writeFile(join(code, 'index.mjs'), `export const handler = async () => 'well'`)
    expect(await emulator.invoke('init')).toEqual({ error: undefined, payload: 'well' })
    expect(await emulator.functionLog('init')).toContain('half way')
  })

  test('takes and gives 6 MB, and not one byte more', async () => {
    const [requestLimit, answerLimit] = [6 * 1024 * 1024, 6 * 1024 * 1024 + 100]
    await emulator.createFunction('large', `export const handler = async ({ bytes = 0 }) => 'x'.repeat(bytes)`)
    // The quotes of the JSON string count.
    expect((await emulator.invoke('large', { bytes: answerLimit - 2 })).payload).toHaveLength(answerLimit - 2)
    expect(await emulator.invoke('large', { bytes: answerLimit - 1 })).toMatchObject({
      payload: { errorType: 'Function.ResponseSizeTooLarge' },
    })
    const filled = (bytes: number) => ({ filling: 'x'.repeat(bytes - JSON.stringify({ filling: '' }).length) })
    expect((await emulator.invoke('large', filled(requestLimit))).error).toBeUndefined()
    await expect(emulator.invoke('large', filled(requestLimit + 1))).rejects.toMatchObject({
      name: 'RequestTooLargeException',
    })
  })

  test('leaves its output in the log file of its function and in CloudWatch Logs', async () => {
    await emulator.createFunction(
      'prints',
      `export const handler = async () => { console.log('to be read'); console.error('this too') }`,
    )
    await emulator.invoke('prints')
    expect(await emulator.functionLog('prints')).toMatch(
      /^START RequestId: \S+ Version: \$LATEST\nto be read\nthis too\nEND RequestId/,
    )
    const logs = new CloudWatchLogsClient(clientOptions(emulator.cloud))
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
