import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_INPUT_BYTES } from '../../functions/tasks/task.ts'
import { DAY, MINUTE } from '../../layers/core/clock.ts'
import { newWorkspace, type Workspace } from './links-cloud.ts'
import { makeTask, QUEUES, type Receiver, readTask, request, startReceiver, TASKS, until } from './tasks-cloud.ts'

let receiver: Receiver
let workspace: Workspace
beforeAll(async () => {
  receiver = await startReceiver()
  workspace = await newWorkspace()
})
afterAll(() => receiver.close())

const later = (ms: number) => new Date(Date.now() + ms).toISOString()
const send = (body: unknown) => workspace.call('POST', TASKS, { body })

describe('making a task', () => {
  it('answers 202 with where to look, and it is done', async () => {
    const { body, headers } = await workspace.call('POST', TASKS, { body: request(`${receiver.url}/done`) })
    expect(body).toMatchObject({ name: 'http.request', queue: 'default', priority: 4, status: 'queued', attempts: 0 })
    expect(headers.get('etag')).toBe('"1"')
    const done = await until(workspace, body, 'succeeded')
    expect(done).toMatchObject({ attempts: 1, failures: 0, result: { status: 200, body: 'ok' } })
    expect(done.history.map(({ status }: { status: string }) => status)).toEqual(['queued', 'running', 'succeeded'])
    expect(receiver.requests.filter(({ path }) => path === '/done')).toMatchObject([{ key: body.id }])
  })

  it('keeps an input of 128 KiB, and no more', async () => {
    const room = MAX_INPUT_BYTES - JSON.stringify({ text: '' }).length
    const large = await send({ name: 'http.request', input: { text: 'x'.repeat(room) }, runAt: later(DAY) })
    expect(large.body.errors?.map(({ code }: { code: string }) => code) ?? []).not.toContain('input_too_large')
    const larger = await send({ name: 'http.request', input: { text: 'x'.repeat(room + 1) } })
    expect(larger).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
    expect(larger.body.errors).toContainEqual(expect.objectContaining({ pointer: '/input', code: 'input_too_large' }))
    const kept = await makeTask(workspace, {
      ...request(receiver.url, { runAt: later(DAY) }),
      input: { url: receiver.url, body: 'y'.repeat(90_000) },
    })
    expect((await readTask(workspace, kept)).input.body).toHaveLength(90_000)
  })

  it.each([
    ['an unknown kind', { name: 'no.such', input: {} }, '/name'],
    ['an input that does not fit', { name: 'http.request', input: { uri: 'x' } }, '/input/url'],
    ['a bad queue', request('https://example.com/', { queue: 'Not So' }), '/queue'],
    ['a time too far ahead', request('https://example.com/', { runAt: later(367 * DAY) }), '/runAt'],
    ['a priority that is none', request('https://example.com/', { priority: 10 }), '/priority'],
  ])('is refused with %s', async (_, body, pointer) => {
    const answer = await send(body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
  })

  it('with a key makes one task: the same request again is answered with it, another is refused', async () => {
    const body = request('https://example.com/', { idempotencyKey: 'order-1', runAt: later(DAY) })
    const first = await makeTask(workspace, body)
    expect(await send(body)).toMatchObject({ status: 200, body: { id: first.id } })
    expect(await send({ ...body, priority: 9 })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
    const elsewhere = await newWorkspace()
    expect((await elsewhere.call('POST', TASKS, { body })).status).toBe(202)
  })
})

describe('a task that waits', () => {
  it('is cancelled at once, and can be redriven', async () => {
    const task = await makeTask(workspace, request(`${receiver.url}/redriven`, { runAt: later(DAY) }))
    expect(task.status).toBe('scheduled')
    const cancelled = await workspace.call('POST', `${TASKS}/${task.id}/cancel`)
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    expect((await workspace.call('POST', `${TASKS}/${task.id}/cancel`)).status).toBe(200)
    expect(await workspace.call('POST', `${TASKS}/${task.id}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'task_state' },
    })
    expect((await workspace.call('POST', `${TASKS}/${task.id}/redrive`)).status).toBe(202)
    expect(await until(workspace, task, 'succeeded')).toMatchObject({ redrives: 1, attempts: 1 })
  })

  it('is started now when it is retried', async () => {
    const task = await makeTask(workspace, request(`${receiver.url}/now`, { runAt: later(DAY) }))
    expect((await workspace.call('POST', `${TASKS}/${task.id}/retry`)).status).toBe(202)
    await until(workspace, task, 'succeeded')
    expect(await workspace.call('POST', `${TASKS}/${task.id}/redrive`)).toMatchObject({
      status: 409,
      body: { code: 'task_state' },
    })
    expect((await workspace.call('POST', `${TASKS}/${task.id}/cancel`)).status).toBe(409)
  })
})

describe('lists', () => {
  it('have every task once, newest first, and are narrowed', async () => {
    const own = await newWorkspace()
    const made: string[] = []
    for (const queue of ['a', 'b', 'a', 'b', 'a'])
      made.push((await makeTask(own, request('https://example.com/', { queue, runAt: later(DAY) }))).id)
    const ids = async (query: string) => {
      const seen: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const path: string = `${TASKS}?limit=2&${query}${cursor && `&cursor=${cursor}`}`
        const { status, body } = await own.call('GET', path)
        expect(status).toBe(200)
        seen.push(...body.items.map(({ id }: { id: string }) => id))
        cursor = body.nextCursor
      }
      return seen
    }
    expect(await ids('')).toEqual(made.toSorted().toReversed())
    expect((await ids('queue=a')).toSorted()).toEqual(made.filter((_, index) => index % 2 === 0).toSorted())
    expect((await ids('status=scheduled')).toSorted()).toEqual(made.toSorted())
    expect(await ids('status=dead')).toEqual([])
    expect((await ids('queue=b&status=scheduled&name=http.request')).length).toBe(2)
    const { body } = await own.call('GET', `${TASKS}?limit=1`)
    expect((await own.call('GET', `${TASKS}?limit=1&queue=a&cursor=${body.nextCursor}`)).body.code).toBe(
      'invalid_cursor',
    )
  })
})

describe('queues', () => {
  it('show their depth, are paused, resumed and changed', async () => {
    const own = await newWorkspace()
    const queue = 'mail-out'
    await makeTask(own, request('https://example.com/', { queue, runAt: later(DAY) }))
    expect(await own.call('POST', `${QUEUES}/${queue}/pause`)).toMatchObject({ status: 200, body: { paused: true } })
    const task = await makeTask(own, request(`${receiver.url}/paused`, { queue }))
    const { body } = await own.call('GET', QUEUES)
    expect(body.items).toMatchObject([
      {
        name: queue,
        paused: true,
        concurrency: 20,
        depth: { scheduled: 1, queued: 1, running: 0, failed: 0, dead: 0 },
      },
    ])
    expect(receiver.count('/paused')).toBe(0)
    expect((await own.call('POST', `${QUEUES}/${queue}/resume`)).body.paused).toBe(false)
    await until(own, task, 'succeeded')
    expect(await own.call('PATCH', `${QUEUES}/${queue}`, { body: { concurrency: 1_000 } })).toMatchObject({
      status: 200,
      body: { concurrency: 1_000 },
    })
    expect((await own.call('PATCH', `${QUEUES}/${queue}`, { body: { concurrency: 1_001 } })).status).toBe(400)
    expect((await own.call('GET', `${QUEUES}/${queue}`)).body.concurrency).toBe(1_000)
    expect((await own.call('GET', `${QUEUES}/none`)).status).toBe(404)
  })

  it('bring their dead tasks back', async () => {
    let broken = true
    const picky = await startReceiver((_, response) => response.writeHead(broken ? 404 : 200).end())
    const own = await newWorkspace()
    const tasks = [await makeTask(own, request(`${picky.url}/1`)), await makeTask(own, request(`${picky.url}/2`))]
    for (const task of tasks)
      expect(await until(own, task, 'dead')).toMatchObject({ reason: 'not_retryable', failure: { code: 'http_404' } })
    broken = false
    expect(await own.call('POST', `${QUEUES}/default/redrive`)).toMatchObject({
      status: 200,
      body: { redriven: 2, more: false },
    })
    for (const task of tasks) expect(await until(own, task, 'succeeded')).toMatchObject({ attempts: 2, redrives: 1 })
    // An effect of a redriven task is wanted again.
    expect(new Set(picky.requests.map(({ key }) => key)).size).toBe(4)
    await picky.close()
  })
})

describe('who may do what', () => {
  it('nobody without a key; viewers read; members write; admins manage queues', async () => {
    const task = await makeTask(workspace, request('https://example.com/', { runAt: later(MINUTE * 60) }))
    const anonymous = await workspace.call('GET', TASKS, { headers: { Authorization: '' } })
    expect(anonymous.status).toBe(401)
    const [viewer, member, admin] = await Promise.all([
      workspace.as('viewer'),
      workspace.as('member'),
      workspace.as('admin'),
    ])
    expect((await viewer('GET', `${TASKS}/${task.id}`)).status).toBe(200)
    expect((await viewer('POST', `${TASKS}/${task.id}/cancel`)).status).toBe(403)
    expect((await viewer('POST', TASKS, { body: request('https://example.com/') })).status).toBe(403)
    expect((await member('POST', `${QUEUES}/default/pause`)).status).toBe(403)
    expect((await admin('POST', `${QUEUES}/default/resume`)).status).toBe(200)
    expect((await member('POST', `${TASKS}/${task.id}/cancel`)).status).toBe(200)
  })

  it('nobody sees a task of another workspace', async () => {
    const task = await makeTask(workspace, request('https://example.com/', { runAt: later(DAY) }))
    const other = await newWorkspace()
    expect((await other.call('GET', `${TASKS}/${task.id}`)).status).toBe(404)
    for (const what of ['cancel', 'retry', 'redrive'])
      expect((await other.call('POST', `${TASKS}/${task.id}/${what}`)).status).toBe(404)
  })
})
