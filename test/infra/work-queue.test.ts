import { Duration } from 'aws-cdk-lib'
import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { ServiceFunction } from '../../infra/constructs/service-function.ts'
import { WorkQueue } from '../../infra/constructs/work-queue.ts'
import { defineEnvironment } from '../../layers/core/environment.ts'
import { actionsOf, resourcesOf, statementsOf } from './backlot.ts'
import { IMPACT, OTHER_SOURCE, PROD, sampleFunction, sampleStack, synth } from './sample.ts'

const QUEUE = 'AWS::SQS::Queue'

const queueStack = async (props: { batchingWindow?: Duration; maxReceives?: number } = {}) => {
  const stack = await sampleStack(PROD)
  const consumer = sampleFunction(stack, { timeout: Duration.seconds(7) })
  new WorkQueue(stack, 'Jobs', { name: 'jobs', consumer, monitoring: IMPACT, ...props })
  return synth(stack)
}

describe('WorkQueue', () => {
  it('is encrypted, and hides a message for six times the timeout of its consumer', async () => {
    const template = await queueStack()
    template.hasResourceProperties(QUEUE, {
      QueueName: 'backlot-sample-jobs',
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 42,
    })
  })

  it('hides it for the batching window on top', async () => {
    const template = await queueStack({ batchingWindow: Duration.seconds(20) })
    template.hasResourceProperties(QUEUE, { QueueName: 'backlot-sample-jobs', VisibilityTimeout: 62 })
  })

  it('gives up after five tries, or as many as asked for, and keeps what failed for 14 days', async () => {
    for (const [props, tries] of [
      [{}, 5],
      [{ maxReceives: 2 }, 2],
    ] as const) {
      const template = await queueStack(props)
      const [dead] = resourcesOf(template).filter(
        ({ Properties }) => Properties.QueueName === 'backlot-sample-jobs-dlq',
      )
      expect(dead?.Properties.MessageRetentionPeriod).toBe(14 * 24 * 60 * 60)
      template.hasResourceProperties(QUEUE, {
        QueueName: 'backlot-sample-jobs',
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [dead?.logicalId, 'Arn'] }, maxReceiveCount: tries },
      })
    }
  })

  it('refuses plain HTTP on both queues', async () => {
    const template = await queueStack()
    const denied = Match.arrayWith([
      Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    ])
    template.resourcePropertiesCountIs('AWS::SQS::QueuePolicy', { PolicyDocument: { Statement: denied } }, 2)
  })

  it('lets the consumer report single messages as failed', async () => {
    const template = await queueStack()
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
  })

  it('alarms on the first dead message and on old ones', async () => {
    const template = await queueStack()
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'backlot-sample-jobs-dlq-depth',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 1,
    })
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'backlot-sample-jobs-age',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Threshold: 300,
    })
  })

  it('grants sending and nothing else, and sets the variable to the URL', async () => {
    const stack = await sampleStack()
    const queue = new WorkQueue(stack, 'Jobs', { name: 'jobs', consumer: sampleFunction(stack), monitoring: IMPACT })
    const environment = defineEnvironment(['QUEUE_URL'])
    const fn = new ServiceFunction(stack, 'Send', { source: OTHER_SOURCE, environment, monitoring: IMPACT })
    queue.grantSend(fn, 'QUEUE_URL')
    const template = synth(stack)
    const role = resourcesOf(template).find(
      ({ Type, logicalId }) => Type === 'AWS::IAM::Role' && logicalId.startsWith('Send'),
    )
    expect(actionsOf(statementsOf(template, role?.logicalId ?? ''))).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:SendMessage',
    ])
    const made = resourcesOf(template).find(({ Properties }) => Properties?.QueueName === 'backlot-sample-jobs')
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'backlot-sample-other',
      Environment: { Variables: { QUEUE_URL: { Ref: made?.logicalId } } },
    })
  })
})
