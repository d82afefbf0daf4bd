import { MessageRejected, SESClient, SendEmailCommand } from '@aws-sdk/client-ses'
import { mockClient } from 'aws-sdk-client-mock'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { DEFINITIONS, findDefinition } from '../../../functions/tasks/kinds/definitions.ts'
import { emailSend } from '../../../functions/tasks/kinds/email-send.ts'
import { httpRequest, resultOf, retryAfterMs } from '../../../functions/tasks/kinds/http-request.ts'
import { createSendMail } from '../../../functions/tasks/kinds/mail.store.ts'
import {
  defineTask,
  MAX_TIMEOUT_MS,
  PermanentError,
  RetryLaterError,
  type TaskContext,
} from '../../../functions/tasks/kinds/task-definition.ts'
import type { Json } from '../../../layers/core/json.ts'
import { clockAt } from '../core/doubles.ts'
import { NOW } from './samples.ts'

const answered = (status: number, body = '', headers: Record<string, string> = {}) =>
  ({
    kind: 'answered',
    url: 'https://example.com/',
    status,
    headers,
    body: Buffer.from(body),
    truncated: false,
  }) as const

const context = (over: Partial<TaskContext> = {}): TaskContext => ({
  clock: clockAt(NOW.toISOString()),
  http: { send: async () => answered(200) },
  sendMail: async () => ({ messageId: 'm' }),
  deliverWebhook: async () => ({ kind: 'done', status: 200 }),
  taskId: 'tsk_1',
  workspaceId: 'wsp_1',
  attempt: 1,
  idempotencyKey: 'tsk_1',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  signal: new AbortController().signal,
  ...over,
})

describe('defineTask', () => {
  const definition = { name: 'a.b', description: '', input: z.any(), handler: async () => undefined }

  it('fills in the defaults, and keeps what is said', () => {
    expect(defineTask(definition)).toMatchObject({ queue: 'default', priority: 4, maxCrashes: 3, timeoutMs: 60_000 })
    expect(defineTask({ ...definition, retry: { attempts: 1 } }).retry).toMatchObject({ attempts: 1, factor: 3 })
  })

  it('takes the longest time that a runner can keep, not a millisecond more', () => {
    expect(defineTask({ ...definition, timeoutMs: MAX_TIMEOUT_MS }).timeoutMs).toBe(MAX_TIMEOUT_MS)
    expect(() => defineTask({ ...definition, timeoutMs: MAX_TIMEOUT_MS + 1 })).toThrow('expected at most')
  })

  it('gives every kind a name of its own', () => {
    expect(new Set(DEFINITIONS.map(({ name }) => name)).size).toBe(DEFINITIONS.length)
    expect(findDefinition('http.request')).toBe(httpRequest)
    expect(findDefinition('toString')).toBeUndefined()
  })
})

describe('http.request', () => {
  const run = async (input: Json, over: Partial<TaskContext> = {}) =>
    httpRequest.handler(httpRequest.input.parse(input), context(over))

  it('sends the request with its idempotency key and trace; JSON with its type', async () => {
    const calls: unknown[] = []
    const http: TaskContext['http'] = {
      send: async (call) => {
        calls.push(call)
        return answered(201, 'made')
      },
    }
    const result = await run({ url: 'https://example.com/', json: { a: 1 }, headers: { 'X-One': 'b' } }, { http })
    expect(result).toEqual({ status: 201, url: 'https://example.com/', body: 'made' })
    expect(calls).toMatchObject([
      {
        method: 'POST',
        body: '{"a":1}',
        headers: { 'idempotency-key': 'tsk_1', 'content-type': 'application/json', 'X-One': 'b' },
        maxRedirects: 0,
      },
    ])
  })

  it.each([408, 409, 423, 425, 429, 500, 502, 503])('is tried again after %i', (status) => {
    expect(() => resultOf(answered(status, 'busy', { 'retry-after': '7' }), NOW)).toThrow(RetryLaterError)
    try {
      resultOf(answered(status, '', { 'retry-after': '7' }), NOW)
    } catch (error) {
      expect(error).toMatchObject({ code: `http_${status}`, retryAfterMs: 7_000 })
    }
  })

  it.each([301, 400, 401, 403, 404, 410, 422])('dies after %i', (status) => {
    expect(() => resultOf(answered(status), NOW)).toThrow(PermanentError)
  })

  it('dies of a refused address, and is tried again after a failed connection', () => {
    expect(() => resultOf({ kind: 'refused', code: 'url_address', detail: 'no' }, NOW)).toThrow(PermanentError)
    expect(() => resultOf({ kind: 'failed', code: 'ECONNRESET', detail: 'no' }, NOW)).toThrow(RetryLaterError)
  })

  it('keeps the beginning of a long answer', () => {
    expect(resultOf(answered(200, 'x'.repeat(5_000)), NOW).body).toHaveLength(4_096)
  })

  it.each([
    [undefined, 0],
    ['120', 120_000],
    ['0', 0],
    ['-5', 0],
    ['1.5', 0],
    ['soon', 0],
    ['Sat, 21 Nov 2026 10:16:00 GMT', 60_000],
    ['Sat, 21 Nov 2026 10:14:00 GMT', 0],
  ])('reads Retry-After %s as %i ms', (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms)
  })

  it.each([
    [{}],
    [{ url: 'https://example.com/', method: 'TRACE' }],
    [{ url: 'https://example.com/', headers: { 'bad name': 'x' } }],
    [{ url: 'https://example.com/', headers: { a: 'x\r\nEvil: y' } }],
    [{ url: 'https://example.com/', timeoutMs: 60_001 }],
    [{ url: 'https://example.com/', maxRedirects: 6 }],
    [{ url: 'https://example.com/', extra: 1 }],
  ])('does not take %j', (input) => {
    expect(httpRequest.input.safeParse(input).success).toBe(false)
  })
})

describe('email.send', () => {
  const mail = { to: ['ann@example.com'], subject: 'Hi', text: 'Hello', html: '<p>Hello</p>' }
  const ses = mockClient(SESClient)

  it('sends text and HTML by SES', async () => {
    ses.reset()
    ses.on(SendEmailCommand).resolves({ MessageId: 'm-1' })
    const sendMail = createSendMail(new SESClient({ region: 'eu-west-1' }), 'Backlot <no-reply@example.com>')
    const input = emailSend.input.parse({ ...mail, replyTo: 'bob@example.com', tags: { kind: 'receipt' } })
    expect(await emailSend.handler(input, context({ sendMail }))).toEqual({ messageId: 'm-1' })
    expect(ses.commandCalls(SendEmailCommand)[0]?.args[0].input).toMatchObject({
      Source: 'Backlot <no-reply@example.com>',
      Destination: { ToAddresses: ['ann@example.com'] },
      Message: { Subject: { Data: 'Hi' }, Body: { Text: { Data: 'Hello' }, Html: { Data: '<p>Hello</p>' } } },
      ReplyToAddresses: ['bob@example.com'],
      Tags: [{ Name: 'kind', Value: 'receipt' }],
    })
  })

  it('dies of a mail that SES refuses, and is tried again after anything else', async () => {
    ses.reset()
    ses
      .on(SendEmailCommand)
      .rejectsOnce(new MessageRejected({ message: 'not verified', $metadata: {} }))
      .rejects(new Error('away'))
    const sendMail = createSendMail(new SESClient({ region: 'eu-west-1' }), 'x@example.com')
    await expect(emailSend.handler(mail, context({ sendMail }))).rejects.toThrow(PermanentError)
    await expect(emailSend.handler(mail, context({ sendMail }))).rejects.not.toThrow(PermanentError)
  })

  it.each([
    ['no recipient', { to: [] }],
    ['more than 50', { to: Array.from({ length: 51 }, () => 'a@example.com') }],
    ['what is no address', { to: ['ann'] }],
    ['a line feed in the subject', { subject: 'Hi\r\nBcc: eve@example.com' }],
    ['no text', { text: '' }],
  ])('does not take %s', (_, over) => {
    expect(emailSend.input.safeParse({ ...mail, ...over }).success).toBe(false)
  })
})
