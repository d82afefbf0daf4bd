/**
 * The Node side of a Lambda execution environment: loads the handler, takes one invocation at a time from stdin,
 * answers on its own pipe (protocol: node_process.py), offers the Extensions API. Behaves as AWS's nodejs24.x
 * runtime does: async handlers only, its error names, unhandled errors end the process. Uses nothing but Node.
 */
import { existsSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startExtensions } from './extensions.mjs'

const RESULTS = Number(process.env.BACKLOT_RESULT_FD)
delete process.env.BACKLOT_RESULT_FD
/** Exit codes of AWS's own runtime for errors that nobody caught. */
const EXIT = { uncaughtException: 129, unhandledRejection: 128 }

/** The invocation that runs now: `{ id }`, without an answer so far. */
let current

function send(message) {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(RESULTS, bytes, offset)
}

const describe = (error) =>
  error instanceof Error
    ? { errorType: error.name || 'Error', errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error), trace: [] }

function named(name, message) {
  const error = new Error(message)
  error.name = name
  return error
}

function logError(title, error) {
  const { errorType, errorMessage, trace } = describe(error)
  const details = { errorType, errorMessage, ...(error?.code && { code: error.code }), stack: trace }
  process.stderr.write(
    `${new Date().toISOString()}\t${current?.id ?? ''}\tERROR\t${title}\t${JSON.stringify(details)}\n`,
  )
}

/** `_HANDLER` is `<path without extension>.<export>`; the export may be nested. */
async function loadHandler(root, specification) {
  const slash = specification.lastIndexOf('/') + 1
  const dot = specification.indexOf('.', slash)
  if (dot < 0)
    throw named('Runtime.MalformedHandlerName', `Bad handler: expected "file.export", got "${specification}"`)
  const path = specification.slice(0, dot)
  const file = ['.js', '.mjs', '.cjs', '']
    .map((extension) => join(root, path + extension))
    .find((name) => existsSync(name))
  if (!file) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${path}'`)
  const module_ = await importModule(file)
  const pick = (from) =>
    specification
      .slice(dot + 1)
      .split('.')
      .reduce((value, key) => value?.[key], from)
  const handler = pick(module_) ?? pick(module_.default)
  if (handler === undefined) throw named('Runtime.HandlerNotFound', `${specification} is undefined or not exported`)
  if (typeof handler !== 'function') throw named('Runtime.HandlerNotFound', `${specification} is not a function`)
  if (handler.length > 2)
    throw named(
      'Runtime.CallbackHandlerDeprecated',
      'Callback-based handlers are not supported from Node.js 24 on; make the handler async',
    )
  return handler
}

async function importModule(file) {
  try {
    return file.endsWith('.cjs') ? { default: createRequire(file)(file) } : await import(pathToFileURL(file).href)
  } catch (error) {
    if (error?.code === 'ERR_MODULE_NOT_FOUND' || error?.code === 'MODULE_NOT_FOUND')
      throw named('Runtime.ImportModuleError', `Error: ${error.message}`)
    if (error instanceof SyntaxError) throw named('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`)
    throw error
  }
}

const contextOf = (invocation) => ({
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
  invokedFunctionArn: invocation.arn,
  awsRequestId: invocation.id,
  getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - Date.now()),
})

function toJson(value) {
  try {
    return JSON.stringify(value ?? null) ?? 'null'
  } catch {
    throw new Error('Unable to stringify response body')
  }
}

async function answer(handler, invocation) {
  try {
    return { payload: toJson(await handler(JSON.parse(invocation.payload || 'null'), contextOf(invocation))) }
  } catch (error) {
    logError('Invoke Error', error)
    return { error: JSON.stringify(describe(error)) }
  }
}

async function invoke(handler, extensions, invocation) {
  current = invocation
  if (invocation.trace) process.env._X_AMZN_TRACE_ID = invocation.trace
  else delete process.env._X_AMZN_TRACE_ID
  const idle = extensions.invoke(invocation)
  const result = await answer(handler, invocation)
  if (current !== invocation) return
  current = undefined
  if (idle === undefined) return send({ id: invocation.id, ...result, idle: true })
  send({ id: invocation.id, ...result })
  await idle
  send({ id: invocation.id, idle: true })
}

/** One JSON document per line. */
function onLines(stream, take) {
  let parts = []
  stream.on('data', (chunk) => {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end))
      take(JSON.parse(Buffer.concat(parts).toString()))
      parts = []
      start = end + 1
    }
    if (start < chunk.length) parts.push(chunk.subarray(start))
  })
}

/**
 * As AWS does: the invocation fails with the error, and the process ends, for its state is unknown. Its answer never
 * says "idle", so no other invocation is sent to it.
 */
function endOnUnhandledErrors() {
  const end = (origin) => (error) => {
    const failure =
      origin === 'unhandledRejection'
        ? named('Runtime.UnhandledPromiseRejection', String(error?.stack ? error : `${error}`))
        : error
    logError(origin === 'unhandledRejection' ? 'Unhandled Promise Rejection' : 'Uncaught Exception', error)
    if (current)
      send({
        id: current.id,
        error: JSON.stringify({ ...describe(failure), ...(error?.stack && { trace: error.stack.split('\n') }) }),
      })
    process.exit(EXIT[origin])
  }
  process.on('uncaughtException', end('uncaughtException'))
  process.on('unhandledRejection', end('unhandledRejection'))
}

let handler
const extensions = await startExtensions()
onLines(process.stdin, (invocation) => void invoke(handler, extensions, invocation))
process.stdin.on('end', () => process.exit(0))
try {
  handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER)
  await extensions.initialised()
  endOnUnhandledErrors()
  send({ ready: true })
} catch (error) {
  logError('Init Error', error)
  send({ initError: describe(error) })
  process.exit(1)
}
