import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { backlot, statementsOf } from './backlot.ts'

let template: Template
beforeAll(async () => {
  const found = (await backlot('prod')).templates.get('Schedules')
  if (found === undefined) throw new Error('expected a stack Schedules')
  template = found
})

describe('the clock', () => {
  it('ticks every minute, and makes up for a tick by the next one, not by a retry', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      Name: 'backlot-schedules-tick',
      ScheduleExpression: 'rate(1 minute)',
      Targets: [Match.objectLike({ RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } })],
    })
  })

  it('keeps hints in a queue that gives them up after five tries', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'backlot-schedules-due',
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 5 }),
    })
  })

  it('reads new runs only from its table, twice', () => {
    const mappings = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'))
    const filters = mappings.flatMap(({ Properties }) => Properties.FilterCriteria?.Filters ?? [])
    expect(filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern))).toEqual([
      { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'RUNS#' }] } } } },
      { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'RUNS#' }] } } } },
    ])
  })

  it('hears of the tasks that it asked for, and of no others', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      Name: 'backlot-schedules-record-tasks',
      EventPattern: {
        source: ['backlot.tasks'],
        'detail-type': Match.arrayWith(['TaskStarted', 'TaskDied']),
        detail: { data: { commandId: [{ prefix: 'sch_' }] } },
      },
    })
  })

  it('has no index: what is due lies in the keys', () => {
    const [table] = Object.values(template.findResources('AWS::DynamoDB::Table'))
    expect(table?.Properties.GlobalSecondaryIndexes).toBeUndefined()
  })
})

describe('each function may do what it does, and nothing else:', () => {
  const roleOf = (source: string): string => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'))
    return functions.find(({ Properties }) => Properties.Description === source)?.Properties.Role['Fn::GetAtt'][0]
  }
  const actionsOf = (name: string) =>
    statementsOf(template, roleOf(`functions/schedules/${name}.lambda.ts`))
      .flatMap(({ Action }) => Action)
      .filter((action) => /^(dynamodb|sqs|events):/.test(action))
      .filter(
        (action) =>
          !/Stream|GetRecords|GetShardIterator|ReceiveMessage|ChangeMessage|DeleteMessage|GetQueue/.test(action),
      )
      .toSorted()

  it.each([
    ['tick', ['dynamodb:PutItem', 'dynamodb:Query', 'sqs:SendMessage']],
    ['fire', ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'sqs:SendMessage']],
    ['start-tasks', ['dynamodb:UpdateItem', 'sqs:SendMessage', 'sqs:SendMessage']],
    ['record-tasks', ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'sqs:SendMessage']],
    ['publish-events', ['events:PutEvents', 'sqs:SendMessage']],
  ])('%s', (name, actions) => {
    expect(actionsOf(name)).toEqual(actions)
  })
})
