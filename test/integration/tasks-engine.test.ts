import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { TaskCommand } from '../../layers/core/task-command.ts'
import { createEnqueueTask } from '../../layers/core/task-commands.store.ts'
import { clientFor } from '../../local/aws.ts'
import { edge, eventually, newWorkspace, type Workspace } from './links-cloud.ts'
import { makeTask, QUEUES, type Receiver, readTask, request, startReceiver, TASKS, until } from './tasks-cloud.ts'

const options = clientFor(inject('outputs'))
const sqs = new SQSClient({ ...options, useQueueUrlAsEndpoint: false })
const queueUrl = (name: string) => `https://sqs.us-east-1.amazonaws.com/000000000000/backlot-tasks-${name}`

let receiver: Receiver
let workspace: Workspace
/** Answers that a test has not given yet, by path. */
const held = new Map<string, () => void>()
beforeAll(async () => {
  const failures = new Map<string, number>()
  receiver = await startReceiver((path, response) => {
    if (path.startsWith('/hold')) held.set(path, () => response.end('at last'))
    else if (path.startsWith('/busy')) {
      const count = (failures.get(path) ?? 0) + 1
      failures.set(path, count)
      if (count > 1) response.end('ok')
      else response.writeHead(503, { 'Retry-After': '1' }).end('busy')
    } else response.end('ok')
  })
  workspace = await newWorkspace()
})
afterAll(() => receiver.close())

const later = (ms: number) => new Date(Date.now() + ms).toISOString()

describe('the engine', () => {
  it('starts a task at its time, not before', async () => {
    const runAt = later(3_000)
    const task = await makeTask(workspace, request(`${receiver.url}/later`, { runAt }))
    const done = await until(workspace, task, 'succeeded')
    const [arrived] = receiver.requests.filter(({ path }) => path === '/later')
    expect(arrived?.at).toBeGreaterThanOrEqual(Date.parse(runAt))
    expect(done.history.map(({ status }: { status: string }) => status)).toEqual([
      'scheduled',
      'queued',
      'running',
      'succeeded',
    ])
  })

  it('tries a failed task again, and tells why it failed', async () => {
    const task = await makeTask(workspace, request(`${receiver.url}/busy`))
    const failed = await until(workspace, task, 'failed')
    expect(failed).toMatchObject({ failures: 1, failure: { code: 'http_503' } })
    expect((await workspace.call('POST', `${TASKS}/${task.id}/retry`)).status).toBe(202)
    expect(await until(workspace, task, 'succeeded')).toMatchObject({ attempts: 2, failures: 1 })
    const keys = receiver.requests.filter(({ path }) => path === '/busy').map(({ key }) => key)
    expect(keys).toEqual([task.id, task.id])
  })

  it('lets a task that takes long delay no other', async () => {
    const slow = await makeTask(workspace, request(`${receiver.url}/hold/slow`))
    await until(workspace, slow, 'running')
    for (let n = 0; n < 3; n += 1)
      await until(workspace, await makeTask(workspace, request(`${receiver.url}/quick/${n}`)), 'succeeded')
    expect((await readTask(workspace, slow)).status).toBe('running')
    await eventually(async () => held.has('/hold/slow'), Boolean)
    held.get('/hold/slow')?.()
    expect(await until(workspace, slow, 'succeeded')).toMatchObject({ attempts: 1 })
  })

  it('tells a running task to stop when it is cancelled', async () => {
    const task = await makeTask(workspace, request(`${receiver.url}/hold/cancelled`))
    await until(workspace, task, 'running')
    expect(await workspace.call('POST', `${TASKS}/${task.id}/cancel`)).toMatchObject({
      status: 202,
      body: { status: 'running', cancelRequestedAt: expect.any(String) },
    })
    const cancelled = await until(workspace, task, 'cancelled')
    expect(cancelled).toMatchObject({ attempts: 1, failures: 0 })
  })

  it('starts the more urgent ones first', async () => {
    const own = await newWorkspace()
    const first = await makeTask(own, request(`${receiver.url}/p/first`, { queue: 'one' }))
    await until(own, first, 'succeeded')
    await own.call('PATCH', `${QUEUES}/one`, { body: { concurrency: 1 } })
    await own.call('POST', `${QUEUES}/one/pause`)
    const tasks = []
    for (const priority of [2, 9, 0, 5])
      tasks.push(await makeTask(own, request(`${receiver.url}/p/${priority}`, { queue: 'one', priority })))
    await own.call('POST', `${QUEUES}/one/resume`)
    for (const task of tasks) await until(own, task, 'succeeded')
    const order = receiver.requests.filter(({ path }) => path.startsWith('/p/')).map(({ path }) => path)
    expect(order).toEqual(['/p/first', '/p/9', '/p/5', '/p/2', '/p/0'])
  })

  it('refuses addresses that are not public, for good', async () => {
    const task = await makeTask(workspace, request('https://169.254.169.254/latest/meta-data'))
    expect(await until(workspace, task, 'dead')).toMatchObject({
      reason: 'not_retryable',
      failure: { code: 'url_address' },
    })
  })

  it('is not troubled by messages that are repeated, wrong or about nothing', async () => {
    const task = await makeTask(workspace, request(`${receiver.url}/once`))
    await until(workspace, task, 'succeeded')
    const of = { workspaceId: workspace.id }
    const hints = [
      { kind: 'wake', queue: 'default', ...of },
      { kind: 'wake', queue: 'unheard-of', ...of },
      { kind: 'due', id: task.id, ...of },
      { kind: 'due', id: 'tsk_01JD7N2V5B8Y3QK4M6T9X0ZCEG', ...of },
      { kind: 'watch', queue: 'default', runnerId: 'run_unknown', ...of },
    ]
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl('hints'),
        Entries: hints.map((hint, index) => ({ Id: String(index), MessageBody: JSON.stringify(hint) })),
      }),
    )
    const after = await makeTask(workspace, request(`${receiver.url}/after`))
    await until(workspace, after, 'succeeded')
    expect(await readTask(workspace, task)).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(receiver.count('/once')).toBe(1)
  })
})

describe('another service', () => {
  const command = (over: Partial<TaskCommand> = {}): TaskCommand => ({
    id: `order#${crypto.randomUUID()}`,
    workspaceId: workspace.id,
    name: 'http.request',
    input: { url: `${receiver.url}/command` },
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    ...over,
  })
  const enqueueTask = createEnqueueTask(sqs, queueUrl('commands'))

  it('has a command carried out once, however often it is sent', async () => {
    const once = command()
    for (let n = 0; n < 3; n += 1) await enqueueTask(once)
    const last = command({ input: { url: `${receiver.url}/last` } })
    await enqueueTask(last)
    // Which of two is done first is nobody's promise.
    await eventually(
      async () => Math.min(receiver.count('/last'), receiver.count('/command')),
      (count) => count === 1,
    )
    expect([receiver.count('/last'), receiver.count('/command')]).toEqual([1, 1])
  })

  it('and a command that can not be a task holds up no other', async () => {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl('commands'), MessageBody: '{"id":"broken"}' }))
    await enqueueTask(command({ name: 'no.such' }))
    await enqueueTask(command({ input: { url: `${receiver.url}/unharmed` } }))
    await eventually(
      async () => receiver.count('/unharmed'),
      (count) => count === 1,
    )
  })

  it('sends mails, which can be read in the inbox', async () => {
    const to = `ann-${crypto.randomUUID()}@example.com`
    const mail = { to: [to], subject: 'Please <confirm>', text: 'Open http://localhost/x?a=1&b=2', html: '<b>Open</b>' }
    await enqueueTask(command({ name: 'email.send', input: mail }))
    const inbox = await eventually(
      async () =>
        (await fetch(edge(`/api/tasks/inbox?to=${encodeURIComponent(to)}`))).json() as Promise<{
          items: { id: string }[]
        }>,
      ({ items }) => items.length > 0,
    )
    expect(inbox.items).toMatchObject([{ ...mail, from: expect.stringContaining('no-reply@') }])
    const page = await fetch(edge('/inbox'))
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const text = await page.text()
    expect(text).toContain('Please &lt;confirm&gt;')
    expect(text).toContain('<a href="http://localhost/x?a=1&amp;b=2">')
    const shown = await fetch(edge(`/inbox/${inbox.items[0]?.id}`))
    expect(await shown.text()).toBe('<b>Open</b>')
    expect(shown.headers.get('content-security-policy')).toMatch(/^sandbox .*default-src 'none'/)
  })
})
