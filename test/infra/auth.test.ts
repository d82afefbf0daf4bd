import type { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { streamFilters, templateOf } from './backlot.ts'

let template: Template
beforeAll(async () => {
  template = await templateOf('Auth')
})

describe('tokens', () => {
  it('are signed by a key that never leaves KMS and outlives the stack', () => {
    template.hasResource('AWS::KMS::Key', {
      Properties: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
      DeletionPolicy: 'Retain',
    })
  })
})

describe('passwords', () => {
  it('are hashed on a whole CPU', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'functions/auth/api.lambda.ts',
      MemorySize: 1_769,
    })
  })
})

describe('the table', () => {
  it('needs no index, and forgets by itself', () => {
    const [table] = Object.values(template.findResources('AWS::DynamoDB::Table'))
    expect(table?.Properties.GlobalSecondaryIndexes).toBeUndefined()
    expect(table?.Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'ttl', Enabled: true })
  })

  it('tells of news when they are written, not when they are forgotten', () => {
    expect(streamFilters(template)).toEqual([
      [{ eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'OUTBOX#' }] } } } }],
    ])
  })
})
