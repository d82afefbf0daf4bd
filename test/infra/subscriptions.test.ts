import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { BusSubscription } from '../../infra/constructs/bus-subscription.ts'
import { grantPublish } from '../../infra/constructs/platform-access.ts'
import { ServiceFunction } from '../../infra/constructs/service-function.ts'
import { ServiceTable } from '../../infra/constructs/service-table.ts'
import { StreamConsumer } from '../../infra/constructs/stream-consumer.ts'
import { defineEnvironment } from '../../layers/core/environment.ts'
import { resourcesOf, statementsOf } from './backlot.ts'
import { IMPACT, PROD, SOURCE, sampleFunction, sampleStack, synth } from './sample.ts'

const deadLetterArn = { 'Fn::GetAtt': [Match.stringLikeRegexp('DeadLetters'), 'Arn'] }

describe('BusSubscription', () => {
  const subscribed = async () => {
    const stack = await sampleStack(PROD)
    const consumer = sampleFunction(stack)
    new BusSubscription(stack, 'Hear', { from: 'links', detailTypes: ['LinkDeleted'], consumer, monitoring: IMPACT })
    return synth(stack)
  }

  it('is a rule on the bus of the platform, by its name', async () => {
    const template = await subscribed()
    template.hasResourceProperties('AWS::Events::Rule', {
      Name: 'backlot-sample-work',
      EventBusName: 'backlot',
      EventPattern: { source: ['backlot.links'], 'detail-type': ['LinkDeleted'] },
    })
  })

  it('tries for an hour, then keeps the event', async () => {
    const template = await subscribed()
    template.hasResourceProperties('AWS::Events::Rule', {
      Targets: [
        Match.objectLike({
          DeadLetterConfig: { Arn: deadLetterArn },
          RetryPolicy: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 30 },
        }),
      ],
    })
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName: 'backlot-sample-work-dlq-depth' })
  })

  it('keeps what the function itself fails with: the rule calls that delivered', async () => {
    ;(await subscribed()).hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      DestinationConfig: { OnFailure: { Destination: deadLetterArn } },
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 3_600,
    })
  })

  it('lets this rule, and no other, invoke the function and write to the queue', async () => {
    const template = await subscribed()
    const [rule] = resourcesOf(template).filter(({ Type }) => Type === 'AWS::Events::Rule')
    const ruleArn = { 'Fn::GetAtt': [rule?.logicalId, 'Arn'] }
    template.hasResourceProperties('AWS::Lambda::Permission', { Principal: 'events.amazonaws.com', SourceArn: ruleArn })
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'sqs:SendMessage', Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } } }),
        ]),
      },
    })
  })
})

describe('StreamConsumer', () => {
  const consuming = async () => {
    const stack = await sampleStack(PROD)
    const table = new ServiceTable(stack, 'Table')
    const filters = [{ dynamodb: { Keys: { pk: { S: [{ prefix: 'WS#' }] } } } }]
    new StreamConsumer(stack, 'Changes', { table, consumer: sampleFunction(stack), filters, monitoring: IMPACT })
    return synth(stack)
  }

  it('reads from the oldest record, may fail in part, and describes what it gave up', async () => {
    const template = await consuming()
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 100,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: 12 * 60 * 60,
      DestinationConfig: { OnFailure: { Destination: deadLetterArn } },
      FilterCriteria: { Filters: [{ Pattern: '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"WS#"}]}}}}' }] },
    })
  })

  it('alarms when it falls behind and when it gives up', async () => {
    const template = await consuming()
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'backlot-sample-work-iterator-age',
      MetricName: 'IteratorAge',
      Threshold: 5 * 60 * 1_000,
    })
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName: 'backlot-sample-work-dlq-depth' })
  })
})

describe('grantPublish', () => {
  it('allows publishing to this bus and sets its name', async () => {
    const stack = await sampleStack()
    const environment = defineEnvironment(['EVENT_BUS'])
    grantPublish(new ServiceFunction(stack, 'Work', { source: SOURCE, environment, monitoring: IMPACT }), 'EVENT_BUS')
    const template = synth(stack)
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { EVENT_BUS: 'backlot' } } })
    const [role] = resourcesOf(template).filter(({ Type }) => Type === 'AWS::IAM::Role')
    const put = statementsOf(template, role?.logicalId ?? '').find(({ Action }) => Action === 'events:PutEvents')
    expect(JSON.stringify(put?.Resource)).toContain(':events:us-east-1:000000000000:event-bus/backlot')
  })
})
