import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { streamFilters, templateOf } from './backlot.ts'

let template: Template
beforeAll(async () => {
  template = await templateOf('Schedules')
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
    expect(streamFilters(template).flat()).toEqual([
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
