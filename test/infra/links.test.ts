import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { streamFilters, templateOf } from './backlot.ts'

let template: Template
beforeAll(async () => {
  template = await templateOf('Links')
})

describe('the redirect', () => {
  it('gives up before a browser would', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'functions/links/redirect.lambda.ts',
      Timeout: 5,
    })
  })

  it('has a function URL, which CloudFront alone may call', () => {
    template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' })
  })
})

describe('clicks', () => {
  it('wait in a queue that gives them up after five tries', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'backlot-links-clicks',
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 5 }),
    })
  })

  it('of a deleted link are forgotten when the bus tells of it', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['backlot.links'], 'detail-type': ['LinkDeleted'] },
    })
  })
})

describe('the table', () => {
  it('tells of links, not of counters', () => {
    expect(streamFilters(template)).toEqual([[{ dynamodb: { Keys: { pk: { S: [{ prefix: 'WS#' }] } } } }]])
  })
})
