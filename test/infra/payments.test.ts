import type { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { TOLD_TYPES } from '../../functions/payments/events.ts'
import { actionsOf, backlot, resourcesOf, statementsOf } from './backlot.ts'

let template: Template
beforeAll(async () => {
  const found = (await backlot('prod')).templates.get('Payments')
  if (found === undefined) throw new Error('expected a stack Payments')
  template = found
})

const ofType = (type: string) => resourcesOf(template).filter(({ Type }) => Type === type)
const functionOf = (source: string) =>
  ofType('AWS::Lambda::Function').find(
    ({ Properties }) => Properties.Description === `functions/payments/${source}.lambda.ts`,
  )
const roleOf = (source: string): string => functionOf(source)?.Properties.Role['Fn::GetAtt'][0]
/** Without logs and traces, which every function has. */
const dataActionsOf = (source: string): string[] => {
  const actions = actionsOf(statementsOf(template, roleOf(source)))
  return [...new Set(actions)].filter((action) => !/^(logs|xray):/.test(action)).toSorted()
}

describe('the table', () => {
  it('is listed by kind, by owner and by what is due, with keys only', () => {
    const [table] = ofType('AWS::DynamoDB::Table')
    expect(table?.Properties).toMatchObject({
      TableName: 'backlot-payments',
      GlobalSecondaryIndexes: [
        { IndexName: 'list', Projection: { ProjectionType: 'KEYS_ONLY' } },
        { IndexName: 'owner', Projection: { ProjectionType: 'KEYS_ONLY' } },
        { IndexName: 'due', Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
    })
  })

  /** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html: more than two may be throttled. */
  it('has two readers of its stream, each of what concerns it', () => {
    const readers = ofType('AWS::Lambda::EventSourceMapping').filter(
      ({ Properties }) => Properties.StartingPosition !== undefined,
    )
    const filters = readers.map(({ Properties }) =>
      Properties.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern)),
    )
    expect(filters).toEqual([
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

describe('the clock', () => {
  it('ticks every minute', () => {
    expect(functionOf('tick')).toBeDefined()
    const [rule, ...others] = ofType('AWS::Events::Rule').filter(
      ({ Properties }) => Properties.ScheduleExpression !== undefined,
    )
    expect(others).toEqual([])
    expect(rule?.Properties).toMatchObject({ Name: 'backlot-payments-tick', ScheduleExpression: 'rate(1 minute)' })
  })

  it('may end what is due, look up owners, and ask for tasks', () => {
    expect(dataActionsOf('tick')).toEqual(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'sqs:SendMessage'])
  })
})

describe('privileges', () => {
  it('of the stream readers: the stream, and where they hand on to', () => {
    const besides = (source: string) =>
      dataActionsOf(source).filter((action) => !/Stream|GetRecords|GetShardIterator|GetQueue/.test(action))
    expect(besides('forward-changes')).toEqual(['sqs:SendMessage'])
    expect(besides('publish-events')).toEqual(['events:PutEvents', 'sqs:SendMessage'])
  })

  it('of the receipts: what one receipt needs, and asking for its mail', () => {
    expect(dataActionsOf('issue-receipts').filter((action) => action.startsWith('dynamodb:'))).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
    ])
    expect(dataActionsOf('issue-receipts')).toContain('sqs:SendMessage')
  })
})
