import { describe, expect, it } from 'vitest'
import { ServiceFunction } from '../../infra/constructs/service-function.ts'
import type { ServiceStack } from '../../infra/constructs/service-stack.ts'
import { ServiceTable } from '../../infra/constructs/service-table.ts'
import { defineEnvironment } from '../../layers/core/environment.ts'
import { actionsOf, resourcesOf, statementsOf } from './backlot.ts'
import { IMPACT, LOCAL, PROD, SOURCE, sampleStack, synth } from './sample.ts'

const TABLE = 'AWS::DynamoDB::Table'
const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents']

const reader = (stack: ServiceStack) =>
  new ServiceFunction(stack, 'Work', { source: SOURCE, environment: defineEnvironment(['TABLE']), monitoring: IMPACT })

const actionsAfter = async (grant: (table: ServiceTable, fn: ServiceFunction<'TABLE'>) => void): Promise<string[]> => {
  const stack = await sampleStack()
  grant(new ServiceTable(stack, 'Table'), reader(stack))
  const template = synth(stack)
  const [role] = resourcesOf(template).filter(({ Type }) => Type === 'AWS::IAM::Role')
  return actionsOf(statementsOf(template, role?.logicalId ?? '')).filter((action) => !LOGS.includes(action))
}

describe('ServiceTable', () => {
  it('is on demand, keyed by pk and sk, with TTL and a stream of both images', async () => {
    const stack = await sampleStack()
    new ServiceTable(stack, 'Table')
    synth(stack).hasResourceProperties(TABLE, {
      TableName: 'backlot-sample',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    })
  })

  it.each([
    { name: 'kept in prod', environment: PROD, kept: true, policy: 'Retain' },
    { name: 'thrown away elsewhere', environment: LOCAL, kept: false, policy: 'Delete' },
  ])('is $name', async ({ environment, kept, policy }) => {
    const stack = await sampleStack(environment)
    new ServiceTable(stack, 'Table')
    synth(stack).hasResource(TABLE, {
      DeletionPolicy: policy,
      Properties: {
        DeletionProtectionEnabled: kept,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: kept },
      },
    })
  })

  it('refuses a name that is too short for the local database', async () => {
    const stack = await sampleStack()
    expect(() => new ServiceTable(stack, 'Short', { tableName: 'ten-chars-' })).toThrow(
      'at least 11 characters, got ten-chars-',
    )
    expect(() => new ServiceTable(stack, 'Enough', { tableName: 'eleven-char' })).not.toThrow()
  })

  it('grants reading by key and query, never scanning', async () => {
    expect(await actionsAfter((table, fn) => table.grantRead(fn, 'TABLE'))).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:ConditionCheckItem',
      'dynamodb:GetItem',
      'dynamodb:Query',
    ])
  })

  it('grants what transactions and queries need', async () => {
    expect(await actionsAfter((table, fn) => table.grantReadWrite(fn, 'TABLE'))).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:BatchWriteItem',
      'dynamodb:ConditionCheckItem',
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ])
  })

  it('grants single actions', async () => {
    expect(await actionsAfter((table, fn) => table.grant(fn, 'TABLE', 'GetItem'))).toEqual(['dynamodb:GetItem'])
  })

  it('sets the variable to its name with the grant', async () => {
    const stack = await sampleStack()
    const table = new ServiceTable(stack, 'Table')
    table.grantRead(reader(stack), 'TABLE')
    const template = synth(stack)
    const logicalId = stack.getLogicalId(table.table.node.defaultChild as never)
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { TABLE: { Ref: logicalId } } },
    })
  })
})
