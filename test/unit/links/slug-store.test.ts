import { describe, expect, it, vi } from 'vitest'
import { createSendClick } from '../../../functions/links/redirect/clicks-queue.store.ts'
import { createFindSlug } from '../../../functions/links/redirect/slug.store.ts'

const NOW = new Date('2026-11-21T10:15:00.000Z')
const NOW_SECONDS = 1_795_256_100
const LIVE = { url: { S: 'https://example.com/' }, linkId: { S: 'lnk_1' }, workspaceId: { S: 'wsp_1' } }
const TOMBSTONE = (ttl: number) => ({ linkId: { S: 'lnk_1' }, workspaceId: { S: 'wsp_1' }, ttl: { N: String(ttl) } })

/** A table whose replica and whose leader hold these items. */
function tableWith(replica: object | undefined, leader: object | undefined) {
  const call = vi.fn(async (_target: string, body: string) =>
    JSON.stringify({ Item: JSON.parse(body).ConsistentRead ? leader : replica }),
  )
  return { call, find: createFindSlug(call, 'backlot-links') }
}

describe('finding a slug', () => {
  it('takes one eventually consistent read when it is there', async () => {
    const { call, find } = tableWith(LIVE, LIVE)
    expect(await find('abc', NOW)).toEqual({
      kind: 'live',
      slug: 'abc',
      url: 'https://example.com/',
      linkId: 'lnk_1',
      workspaceId: 'wsp_1',
    })
    expect(call).toHaveBeenCalledOnce()
    expect(call.mock.calls[0]?.[0]).toBe('DynamoDB_20120810.GetItem')
    expect(JSON.parse(call.mock.calls[0]?.[1] ?? '')).toEqual({
      TableName: 'backlot-links',
      ConsistentRead: false,
      Key: { pk: { S: 'SLUG#abc' }, sk: { S: 'LINK' } },
    })
  })

  it('asks the leader before it says that there is none: a fresh link never 404s', async () => {
    for (const behind of [undefined, TOMBSTONE(NOW_SECONDS + 1)])
      expect(await tableWith(behind, LIVE).find('abc', NOW)).toMatchObject({ kind: 'live' })
    expect(await tableWith(undefined, undefined).find('abc', NOW)).toEqual({ kind: 'unknown' })
  })

  it('compares a tombstone’s end with now, because TTL cleans up late', async () => {
    const stone = (ttl: number) => tableWith(TOMBSTONE(ttl), TOMBSTONE(ttl)).find('abc', NOW)
    expect(await stone(NOW_SECONDS + 1)).toEqual({ kind: 'deleted' })
    expect(await stone(NOW_SECONDS)).toEqual({ kind: 'unknown' })
  })

  it('does not take an answer that makes no sense for a missing link', async () => {
    const find = createFindSlug(async () => '<html>', 't')
    await expect(find('abc', NOW)).rejects.toThrow(SyntaxError)
  })
})

it('a click is sent with its trace', async () => {
  const call = vi.fn(async (_target: string, _body: string) => '{}')
  const click = { eventId: 'e-1' } as Parameters<ReturnType<typeof createSendClick>>[0]
  await createSendClick(call, 'http://queue')(click, { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true })
  expect(call.mock.calls.map(([target, body]) => [target, JSON.parse(body)])).toEqual([
    [
      'AmazonSQS.SendMessage',
      {
        QueueUrl: 'http://queue',
        MessageBody: '{"eventId":"e-1"}',
        MessageAttributes: {
          traceparent: { DataType: 'String', StringValue: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
        },
      },
    ],
  ])
})
