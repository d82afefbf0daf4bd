/** What the tests of tasks share: a receiver that tasks call, and asking how far they are. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'vitest'
import { eventually, type Workspace } from './links-cloud.ts'

export const TASKS = '/api/tasks/tasks'
export const QUEUES = '/api/tasks/queues'

// biome-ignore lint/suspicious/noExplicitAny: what a task holds is what the tests are about
export type TaskBody = any

export interface Receiver {
  readonly url: string
  readonly requests: readonly { readonly path: string; readonly key: string; readonly at: number }[]
  /** How often this path was called. */
  count(path: string): number
  close(): Promise<void>
}

/** `answer` decides by the path; without it every request is answered with 200. */
export async function startReceiver(
  answer: (path: string, response: ServerResponse, request: IncomingMessage) => void = (_, response) =>
    response.end('ok'),
): Promise<Receiver> {
  const requests: { path: string; key: string; at: number }[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    requests.push({ path, key: String(request.headers['idempotency-key']), at: Date.now() })
    answer(path, response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    count: (path) => requests.filter((request) => request.path === path).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export async function makeTask(workspace: Workspace, body: object): Promise<TaskBody> {
  const answer = await workspace.call('POST', TASKS, { body })
  expect(answer).toMatchObject({ status: 202, body: { id: expect.stringMatching(/^tsk_/) } })
  expect(answer.headers.get('location')).toBe(`${TASKS}/${answer.body.id}`)
  return answer.body
}

export const request = (url: string, over: object = {}) => ({ name: 'http.request', input: { url }, ...over })

export async function readTask(workspace: Workspace, { id }: { id: string }): Promise<TaskBody> {
  const { status, body } = await workspace.call('GET', `${TASKS}/${id}`)
  expect(status).toBe(200)
  return body
}

/** The task once it has this status. */
export const until = (
  workspace: Workspace,
  task: { id: string },
  status: string,
  deadline?: number,
): Promise<TaskBody> =>
  eventually(
    () => readTask(workspace, task),
    (seen) => seen.status === status,
    deadline,
  )
