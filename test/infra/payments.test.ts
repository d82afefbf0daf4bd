import type { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { TOLD_TYPES } from '../../functions/payments/events.ts'
import { resourcesOf, streamFilters, templateOf } from './backlot.ts'

let template: Template
beforeAll(async () => {
  template = await templateOf('Payments')
})

const ofType = (type: string) => resourcesOf(template).filter(({ Type }) => Type === type)

describe('the table', () => {
  it('is listed by kind and by owner, with keys only', () => {
    const [table] = ofType('AWS::DynamoDB::Table')
    expect(table?.Properties).toMatchObject({
      TableName: 'backlot-payments',
      GlobalSecondaryIndexes: [
        { IndexName: 'list', Projection: { ProjectionType: 'KEYS_ONLY' } },
        { IndexName: 'owner', Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
    })
  })

  /** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html: more than two may be throttled. */
  it('has two readers of its stream, each of what concerns it', () => {
    expect(streamFilters(template)).toEqual([
      [
        { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'EVENT#' }] } } } },
        { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { pk: { S: [{ prefix: 'RECEIVED#' }] } } } },
      ],
      [
        {
          eventName: ['INSERT'],
          dynamodb: {
            Keys: { pk: { S: [{ prefix: 'EVENT#' }] } },
            NewImage: { type: { S: Object.keys(TOLD_TYPES) } },
          },
        },
      ],
    ])
  })
})
