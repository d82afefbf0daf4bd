import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type AfterResponse, createAfterResponse, type Task } from '../../../layers/core/after-response.ts'
import { systemClock } from '../../../layers/core/clock.ts'
import { createLogger } from '../../../layers/core/log.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** Waits until the condition holds, for 2 s at most. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 2_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`expected within 2 s: ${String(condition)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/**
 * Lambda's Extensions API for one environment: registers, holds back `event/next` until an invocation, and knows whether
 * the extension has asked for the next one, which is when the environment may freeze.
 */
async function extensionsApi({ refuses = false, withoutId = false } = {}) {
  const registrations: { name: unknown; body: string }[] = []
  let waiting: ServerResponse | undefined
  let asked = 0
  const server = http.createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (request.url === '/2020-01-01/extension/register' && request.method === 'POST') {
        registrations.push({ name: request.headers['lambda-extension-name'], body })
        if (refuses) response.writeHead(403).end('{"errorMessage":"too late"}')
        else response.writeHead(200, withoutId ? {} : { 'Lambda-Extension-Identifier': 'ext-1' }).end('{}')
      } else if (
        request.url === '/2020-01-01/extension/event/next' &&
        request.headers['lambda-extension-identifier'] === 'ext-1'
      ) {
        asked += 1
        waiting = response
      } else response.writeHead(404).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  closing.push(stop)
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    registrations,
    stop,
    /** True when the environment may freeze or take its next event. */
    isDone: () => waiting !== undefined,
    asked: () => asked,
    async invoke(deadlineMs: number) {
      await until(() => waiting !== undefined)
      waiting?.end(JSON.stringify({ eventType: 'INVOKE', requestId: 'req', deadlineMs }))
      waiting = undefined
    },
  }
}

async function start(runtimeApi: string | undefined) {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger({
    name: 'links/redirect',
    clock: systemClock,
    write: (line) => lines.push(JSON.parse(line)),
  })
  return { afterResponse: await createAfterResponse({ logger, clock: systemClock, runtimeApi }), lines }
}

const context = (remaining = 5_000) => ({ awsRequestId: 'req', getRemainingTimeInMillis: () => remaining })
const inMs = (milliseconds: number) => Date.now() + milliseconds

/** A task that runs until it is told to end. */
function heldTask(name: string) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const task = { started: false, finish: resolve }
  const run = () => {
    task.started = true
    return promise
  }
  return Object.assign(task, { task: { name, payload: name, run } satisfies Task })
}

const handlerOf = (afterResponse: AfterResponse, ...tasks: Task[]) =>
  afterResponse.around(async () => {
    for (const task of tasks) await afterResponse.defer(task)
    return 'answer'
  })

describe('as an extension', () => {
  it('registers for INVOKE and asks for the first event at once, which ends the init phase', async () => {
    const api = await extensionsApi()
    await start(api.address)
    await until(api.isDone)
    expect(api.registrations).toEqual([{ name: 'after-response', body: '{"events":["INVOKE"]}' }])
  })

  it('answers before the task is done, and holds the environment until it is', async () => {
    const api = await extensionsApi()
    const { afterResponse } = await start(api.address)
    const held = heldTask('click')
    await api.invoke(inMs(5_000))
    expect(await handlerOf(afterResponse, held.task)({}, context())).toBe('answer')
    expect(held.started).toBe(false)
    await until(() => held.started)
    expect(api.isDone()).toBe(false)
    held.finish()
    await until(api.isDone)
  })

  it('waits for a handler that takes its time', async () => {
    const api = await extensionsApi()
    const { afterResponse } = await start(api.address)
    const work = Promise.withResolvers<void>()
    const late = heldTask('late')
    const answer = afterResponse.around(async () => {
      await work.promise
      await afterResponse.defer(late.task)
    })({}, context())
    await api.invoke(inMs(5_000))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect([api.isDone(), late.started]).toEqual([false, false])
    work.resolve()
    await answer
    late.finish()
    await until(() => late.started && api.isDone())
  })

  it('works when the event reaches the extension after the handler has returned', async () => {
    const api = await extensionsApi()
    const { afterResponse } = await start(api.address)
    await until(api.isDone)
    const held = heldTask('click')
    held.finish()
    await handlerOf(afterResponse, held.task)({}, context())
    await api.invoke(inMs(5_000))
    await until(() => held.started && api.isDone())
  })

  it('runs tasks in order, one at a time', async () => {
    const api = await extensionsApi()
    const { afterResponse } = await start(api.address)
    const [first, second] = [heldTask('first'), heldTask('second')]
    await api.invoke(inMs(5_000))
    await handlerOf(afterResponse, first.task, second.task)({}, context())
    await until(() => first.started)
    expect(second.started).toBe(false)
    first.finish()
    await until(() => second.started)
    second.finish()
    await until(api.isDone)
  })

  it('serves invocation after invocation, also those without a task or with a handler that throws', async () => {
    const api = await extensionsApi()
    const { afterResponse } = await start(api.address)
    const throws = afterResponse.around(async () => {
      throw new Error('handler')
    })
    await api.invoke(inMs(5_000))
    await handlerOf(afterResponse)({}, context())
    await api.invoke(inMs(5_000))
    await expect(throws({}, context())).rejects.toThrow('handler')
    await api.invoke(inMs(5_000))
    await handlerOf(afterResponse)({}, context())
    await until(() => api.asked() === 4)
  })

  it('tries again until it works', async () => {
    const api = await extensionsApi()
    const { afterResponse, lines } = await start(api.address)
    let tries = 0
    const run = async () => {
      tries += 1
      if (tries < 4) throw new Error(`try ${tries}`)
    }
    await api.invoke(inMs(5_000))
    await handlerOf(afterResponse, { name: 'click', payload: {}, run })({}, context())
    await until(api.isDone)
    expect(tries).toBe(4)
    expect(lines).toEqual([])
  })

  it('logs what it gives up whole, in time before the deadline, and goes on', async () => {
    const api = await extensionsApi()
    const { afterResponse, lines } = await start(api.address)
    const next = heldTask('next')
    next.finish()
    const payload = { eventId: 'e-1', linkId: 'lnk_1' }
    const run = async () => {
      throw new Error('queue away')
    }
    const deadline = inMs(600)
    await api.invoke(deadline)
    await handlerOf(afterResponse, { name: 'click', payload, run }, next.task)({}, context(600))
    await until(api.isDone)
    expect(Date.now()).toBeLessThan(deadline)
    expect(next.started).toBe(true)
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        requestId: 'req',
        lost: 'click',
        payload,
        tasksLost: 1,
        error: expect.objectContaining({ message: 'queue away' }),
      }),
    ])
    expect(lines[0]?.['attempts']).toBeGreaterThan(2)
  })
})

describe('before the answer instead', () => {
  const runsBefore = async (afterResponse: AfterResponse) => {
    const held = heldTask('click')
    const answer = handlerOf(afterResponse, held.task)({}, context())
    await until(() => held.started)
    expect(await Promise.race([answer, Promise.resolve('still waiting')])).toBe('still waiting')
    held.finish()
    expect(await answer).toBe('answer')
  }

  it('outside Lambda, without a word', async () => {
    const { afterResponse, lines } = await start(undefined)
    await runsBefore(afterResponse)
    expect(lines).toEqual([])
  })

  it('where registration is refused', async () => {
    const { afterResponse, lines } = await start((await extensionsApi({ refuses: true })).address)
    await runsBefore(afterResponse)
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', message: expect.stringContaining('register') })])
  })

  it('where nobody listens, or the answer makes no sense', async () => {
    for (const address of ['127.0.0.1:1', (await extensionsApi({ withoutId: true })).address]) {
      const { afterResponse, lines } = await start(address)
      await runsBefore(afterResponse)
      expect(lines).toHaveLength(1)
    }
  })

  it('once the API is gone, and what was left to it is done', async () => {
    const api = await extensionsApi()
    const { afterResponse, lines } = await start(api.address)
    await until(api.isDone)
    const left = heldTask('left')
    left.finish()
    await handlerOf(afterResponse, left.task)({}, context())
    await api.stop()
    await until(() => left.started && lines.length === 1)
    await runsBefore(afterResponse)
  })

  it('gives up after a second, long before the function would time out', async () => {
    const { afterResponse, lines } = await start(undefined)
    const run = async () => {
      throw new Error('queue away')
    }
    const started = performance.now()
    expect(await handlerOf(afterResponse, { name: 'click', payload: 1, run })({}, context(30_000))).toBe('answer')
    expect(performance.now() - started).toBeLessThan(1_500)
    expect(lines).toEqual([expect.objectContaining({ lost: 'click', payload: 1 })])
  })
})
