/** The deployer against a real LocalStack: what it makes of failures that LocalStack itself reports wrongly. */
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation'
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { clientFor } from '../../local/aws.ts'
import type { AssembledStack } from '../../local/deployer/assembly.ts'
import { deployStacks } from '../../local/deployer/deploy.ts'

const address = inject('outputs')
const cloudFormation = new CloudFormationClient(clientFor(address))

const stack = (id: string, resources: object): AssembledStack => ({
  id,
  stackName: `deployer-test-${id.toLowerCase()}`,
  template: JSON.stringify({ Resources: resources, Outputs: { Done: { Value: id } } }),
  assets: [],
  dependencies: [],
  paths: new Map([['Bad', `${id}/Bad/Resource`]]),
})
const queue = (name: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName: name } })
const table = (key: string) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'deployer-test-table',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
    KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
  },
})
/** SQS allows letters, digits, hyphens and underscores. */
const BAD_NAME = 'no!'

const cleanUp = async () => {
  for (const id of ['one', 'two', 'broken', 'updated', 'table'])
    await cloudFormation.send(new DeleteStackCommand({ StackName: `deployer-test-${id}` })).catch(() => {})
}
beforeAll(cleanUp)
afterAll(cleanUp)

const outcomes = async (...stacks: AssembledStack[]) =>
  (await deployStacks(stacks, address)).map(({ id, outcome, outputs }) => `${id} ${outcome} ${outputs['Done']}`)

test('stacks are created together, then left alone, then updated one by one', async () => {
  const [one, two] = [stack('One', { Q: queue('deployer-one') }), stack('Two', { Q: queue('deployer-two') })]
  expect(await outcomes(one, two)).toEqual(['One created One', 'Two created Two'])
  expect(await outcomes(one, two)).toEqual(['One unchanged One', 'Two unchanged Two'])
  const changed = stack('One', { Q: queue('deployer-one'), Another: queue('deployer-another') })
  expect(await outcomes(changed, two)).toEqual(['One updated One', 'Two unchanged Two'])
})

test('a stack that cannot be created is refused with its resource, and again until a reset', async () => {
  const broken = stack('Broken', { Good: queue('deployer-good'), Bad: queue(BAD_NAME) })
  await expect(deployStacks([broken], address)).rejects.toMatchObject({
    code: 'deploy_failed',
    message: expect.stringMatching(
      /^Stack Broken could not be created:\n {2}Broken\/Bad\/Resource \(AWS::SQS::Queue\)\n {4}.*alphanumeric/,
    ),
    hint: expect.stringContaining('npm run reset'),
  })
  await expect(deployStacks([stack('Broken', {})], address)).rejects.toMatchObject({ code: 'stack_damaged' })
})

test('an update that LocalStack calls complete though a resource failed is refused, and again until a reset', async () => {
  const good = { Q: queue('deployer-updated') }
  await deployStacks([stack('Updated', good)], address)
  const bad = stack('Updated', { ...good, Bad: queue(BAD_NAME) })
  await expect(deployStacks([bad], address)).rejects.toMatchObject({
    code: 'deploy_failed',
    message: expect.stringContaining('Stack Updated could not be updated:\n  Updated/Bad/Resource (AWS::SQS::Queue)'),
  })
  await expect(deployStacks([stack('Updated', good)], address)).rejects.toMatchObject({ code: 'stack_damaged' })
})

test('when one of several fails, the others are still brought to their end', async () => {
  const fine = stack('Two', { Q: queue('deployer-two'), More: queue('deployer-more') })
  await expect(deployStacks([stack('Broken', {}), fine], address)).rejects.toMatchObject({ code: 'stack_damaged' })
  expect(await outcomes(fine)).toEqual(['Two unchanged Two'])
})

describe('a table', () => {
  test('whose key changes is refused, and stays as it is', async () => {
    await deployStacks([stack('Table', { T: table('pk') })], address)
    await expect(deployStacks([stack('Table', { T: table('id') })], address)).rejects.toMatchObject({
      code: 'table_change',
      message: expect.stringContaining('KeySchema of table deployer-test-table'),
      hint: expect.stringContaining('npm run reset'),
    })
    const { Table } = await new DynamoDBClient(clientFor(address)).send(
      new DescribeTableCommand({ TableName: 'deployer-test-table' }),
    )
    expect(Table?.KeySchema).toEqual([{ AttributeName: 'pk', KeyType: 'HASH' }])
  })
})
