import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { TOLD_STATUSES } from '../../functions/tasks/events.ts'
import { streamFilters, templateOf } from './backlot.ts'

let template: Template
beforeAll(async () => {
  template = await templateOf('Tasks')
})

describe('the engine', () => {
  it('runs a runner once: whoever lost its tasks is the dispatcher, not Lambda', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    })
  })

  it('gives a runner the longest time that there is', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'functions/tasks/run.lambda.ts',
      Timeout: 900,
    })
  })

  it('looks every minute for what is due or lost, and makes up for a look by the next one', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      Name: 'backlot-tasks-tick',
      ScheduleExpression: 'rate(1 minute)',
      Targets: [Match.objectLike({ RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } })],
    })
  })

  it.each(['hints', 'commands'])('gives %s up after five tries', (name) => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: `backlot-tasks-${name}`,
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 5 }),
    })
  })
})

describe('the table', () => {
  it('finds tasks by state and by when they are due', () => {
    const [table] = Object.values(template.findResources('AWS::DynamoDB::Table'))
    const names = table?.Properties.GlobalSecondaryIndexes.map(({ IndexName }: { IndexName: string }) => IndexName)
    expect(names).toEqual(['state', 'due'])
  })

  it('tells of what is queued, and of what other services want to hear', () => {
    const ofTasks = { pk: { S: [{ prefix: 'TASKS#' }] } }
    expect(streamFilters(template)).toEqual([
      [{ dynamodb: { Keys: ofTasks, NewImage: { status: { S: ['queued'] } } } }],
      [
        { dynamodb: { Keys: ofTasks, NewImage: { status: { S: TOLD_STATUSES } } } },
        {
          dynamodb: {
            Keys: ofTasks,
            NewImage: { status: { S: ['running'] }, idempotencyKey: { S: [{ prefix: 'command#' }] } },
            OldImage: { status: { S: [{ 'anything-but': ['running'] }] } },
          },
        },
      ],
    ])
  })
})
