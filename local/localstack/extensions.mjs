/**
 * The Lambda Extensions API for internal extensions: code in the handler's own process that goes on working after
 * the answer (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html). Listens on a loopback port,
 * whose address is in AWS_LAMBDA_RUNTIME_API. Loads `node:http` only when somebody connects, so that a function
 * without extensions pays one `listen`. Has no SHUTDOWN event and no Telemetry API.
 */
import { createServer } from 'node:net'

const VERSION = '/2020-01-01/extension'
const MAX_NAME = 128

/** Starts the listener; resolves when extensions can register. */
export async function startExtensions() {
  const registered = new Map()
  const state = { closed: false, event: undefined, onAllWaiting: undefined }
  let http
  const listener = createServer((socket) => {
    socket.unref()
    http ??= import('node:http').then(({ createServer: createHttpServer }) =>
      createHttpServer({ keepAliveTimeout: 0 }, (request, response) => {
        route(request, response, registered, state).catch((error) => response.destroy(error))
      }),
    )
    http.then((server) => server.emit('connection', socket))
  })
  listener.listen({ host: '127.0.0.1', port: 0 })
  await new Promise((resolve, reject) => listener.once('listening', resolve).once('error', reject))
  listener.unref()
  process.env.AWS_LAMBDA_RUNTIME_API = `127.0.0.1:${listener.address().port}`
  return {
    /** Ends registration; resolves when every extension has asked for its first event. */
    async initialised() {
      state.closed = true
      await allWaiting(registered, state)
    },
    /**
     * Tells every extension of the invocation. Returns undefined when there is none, otherwise a promise of all of
     * them asking for their next event.
     */
    invoke(invocation) {
      if (registered.size === 0) return undefined
      const event = {
        eventType: 'INVOKE',
        deadlineMs: invocation.deadline,
        requestId: invocation.id,
        invokedFunctionArn: invocation.arn,
        tracing: { type: 'X-Amzn-Trace-Id', value: invocation.trace },
      }
      for (const extension of registered.values()) extension.deliver(event)
      return allWaiting(registered, state)
    },
  }
}

function allWaiting(registered, state) {
  const everyOne = () => [...registered.values()].every((extension) => extension.waiting)
  if (everyOne()) return Promise.resolve()
  return new Promise((resolve) => {
    state.onAllWaiting = () => everyOne() && resolve()
  })
}

async function route(request, response, registered, state) {
  if (request.method === 'POST' && request.url === `${VERSION}/register`)
    return register(request, response, registered, state)
  const identifier = request.headers['lambda-extension-identifier']
  const extension = registered.get(identifier)
  if (!extension)
    return refuse(
      response,
      403,
      'Extension.MissingIdentifier',
      `expected the Lambda-Extension-Identifier of a registered extension, got ${identifier}`,
    )
  if (request.method === 'GET' && request.url === `${VERSION}/event/next`)
    return waitForEvent(response, extension, state)
  const phase = new RegExp(`^${VERSION}/(init|exit)/error$`).exec(request.url)?.[1]
  if (request.method === 'POST' && phase) return reportError(request, response, phase)
  refuse(response, 404, 'Extension.UnknownRoute', `there is no ${request.method} ${request.url}`)
}

async function register(request, response, registered, state) {
  const name = request.headers['lambda-extension-name']
  const events = (await json(request))?.events
  if (!name || name.length > MAX_NAME)
    return refuse(
      response,
      400,
      'Extension.InvalidExtensionName',
      `expected a Lambda-Extension-Name of 1 to ${MAX_NAME} characters, got ${name}`,
    )
  if (!Array.isArray(events))
    return refuse(response, 400, 'InvalidRequestFormat', 'expected a body like {"events":["INVOKE"]}')
  if (events.includes('SHUTDOWN'))
    return refuse(
      response,
      403,
      'ShutdownEventNotSupportedForInternalExtension',
      'an internal extension can register for INVOKE only',
    )
  if (events.some((event) => event !== 'INVOKE'))
    return refuse(response, 400, 'Extension.InvalidEventType', `expected INVOKE, got ${events.join()}`)
  if (state.closed)
    return refuse(
      response,
      403,
      'Extension.RegistrationClosed',
      'extensions register while the handler is loaded, not later',
    )
  if ([...registered.values()].some((extension) => extension.name === name))
    return refuse(response, 403, 'Extension.AlreadyRegistered', `${name} is registered already`)
  const identifier = crypto.randomUUID()
  registered.set(identifier, newExtension(name, events.includes('INVOKE')))
  const {
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: functionVersion,
    _HANDLER: handler,
  } = process.env
  reply(response, 200, { functionName, functionVersion, handler }, { 'Lambda-Extension-Identifier': identifier })
}

/** `waiting` while it has asked for an event and got none: the environment waits for that before the next invocation. */
function newExtension(name, wantsInvoke) {
  let give
  return {
    name,
    get waiting() {
      return give !== undefined || !wantsInvoke
    },
    ask(taker) {
      give = taker
    },
    /** The asker went away. */
    forget(taker) {
      if (give === taker) give = undefined
    },
    deliver(event) {
      const taker = give
      give = undefined
      taker?.(event)
    },
  }
}

function waitForEvent(response, extension, state) {
  const taker = (event) => reply(response, 200, event, { 'Lambda-Extension-Event-Identifier': crypto.randomUUID() })
  extension.ask(taker)
  response.once('close', () => extension.forget(taker))
  state.onAllWaiting?.()
}

/** An extension that reports an error ends the environment, as on AWS. */
async function reportError(request, response, phase) {
  const details = await json(request)
  process.stderr.write(
    `Extension.${phase}Error ${request.headers['lambda-extension-function-error-type'] ?? ''} ${JSON.stringify(details ?? {})}\n`,
  )
  reply(response, 202, { status: 'OK' })
  response.once('finish', () => process.exit(1))
}

async function json(request) {
  let text = ''
  for await (const chunk of request) text += chunk
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const refuse = (response, status, errorType, errorMessage) => reply(response, status, { errorType, errorMessage })

function reply(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}
