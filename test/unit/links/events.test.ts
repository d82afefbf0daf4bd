import { unmarshall } from '@aws-sdk/util-dynamodb'
import { describe, expect, it } from 'vitest'
import forgetEvent from '../../../events/links/forget-clicks.deleted.json' with { type: 'json' }
import createdEvent from '../../../events/links/publish-events.created.json' with { type: 'json' }
import deletedEvent from '../../../events/links/publish-events.deleted.json' with { type: 'json' }
import updatedEvent from '../../../events/links/publish-events.updated.json' with { type: 'json' }
import {
  eventOf,
  isLinkItem,
  LINK_EVENTS,
  type LinkItem,
  linkDeleted,
  linkItem,
} from '../../../functions/links/events.ts'
import { clickKey, forgottenKey, linkKey, slugKey, totalKey } from '../../../functions/links/link-keys.ts'
import type { TableChange } from '../../../layers/core/stream.ts'

interface StreamRecord {
  readonly eventName: string
  readonly dynamodb: { readonly NewImage?: object; readonly OldImage?: object; readonly SequenceNumber: string }
}

/** What the stream wrapper hands over for a fixture's record. */
function changeOf({ Records: [record] }: { Records: readonly StreamRecord[] }): TableChange<LinkItem> {
  const { NewImage, OldImage, SequenceNumber } = record?.dynamodb ?? { SequenceNumber: '' }
  const image = (item: object | undefined) =>
    item === undefined ? undefined : linkItem.parse(unmarshall(item as Parameters<typeof unmarshall>[0]))
  return {
    kind: record?.eventName as TableChange['kind'],
    sequenceNumber: SequenceNumber,
    key: { pk: 'WS#wsp_1#LINKS', sk: 'lnk_1' },
    before: image(OldImage),
    after: image(NewImage),
    at: new Date('2026-11-21T12:00:00.000Z'),
    expired: false,
    streamArn: 'arn',
  }
}

const valid = (change: TableChange<LinkItem>) => {
  const event = { id: 'evt_1', ...eventOf(change) }
  return LINK_EVENTS[event.type as keyof typeof LINK_EVENTS].parse(event)
}

describe('a change of a link', () => {
  it('that makes it is LinkCreated, in the trace of its request', () => {
    expect(valid(changeOf(createdEvent))).toMatchObject({
      type: 'LinkCreated',
      sequence: 1,
      workspaceId: 'wsp_01KDVDNA000000000000000000',
      occurredAt: '2026-11-21T10:14:00.000Z',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      data: { slug: 'spring-sale', url: 'https://example.com/spring?utm_source=poster' },
    })
  })

  it('of its target is LinkUpdated, with the target before', () => {
    expect(valid(changeOf(updatedEvent))).toMatchObject({
      type: 'LinkUpdated',
      sequence: 2,
      occurredAt: '2026-11-21T11:00:00.000Z',
      data: { url: 'https://example.com/summer', previousUrl: 'https://example.com/spring?utm_source=poster' },
    })
  })

  it('that ends it is LinkDeleted, one step further, and not in the trace of the change before', () => {
    const event = valid(changeOf(deletedEvent))
    expect(event).toMatchObject({ type: 'LinkDeleted', sequence: 3, occurredAt: '2026-11-21T12:00:00.000Z' })
    expect(event).not.toHaveProperty('traceparent')
  })

  it('that nobody can see is no event', () => {
    const change = changeOf(updatedEvent)
    expect(eventOf({ ...change, after: change.before })).toBeUndefined()
    expect(eventOf({ ...change, before: undefined, after: undefined })).toBeUndefined()
  })
})

it('only link items are told about', () => {
  expect(isLinkItem(linkKey('wsp_1', 'lnk_1'))).toBe(true)
  const others = [slugKey('ws#x'), clickKey('e'), totalKey('lnk_1', 0), forgottenKey('lnk_1')]
  expect(others.filter(isLinkItem)).toEqual([])
})

it('the fixture of the bus is an event as it is published', () => {
  expect(linkDeleted.parse(forgetEvent.detail)).toEqual(forgetEvent.detail)
})
