import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  type Stack,
  type StackEvent,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AssembledStack } from '../../../../local/deployer/assembly.ts'
import { stackDeployer } from '../../../../local/deployer/stacks.ts'
import { Refusal } from '../../../../local/refusal.ts'

const cloudFormation = mockClient(CloudFormationClient)
const STACK = 'AWS::CloudFormation::Stack'
const uploads: string[] = []
const assets = {
  upload: async (list: readonly { key: string }[]) => {
    uploads.push(...list.map(({ key }) => key))
    return list.length
  },
}
const deploy = stackDeployer({ endpoint: 'http://127.0.0.1:1', region: 'us-east-1' }, assets)

beforeEach(() => {
  cloudFormation.reset()
  uploads.length = 0
})

const stack = (template: object): AssembledStack => ({
  id: 'Links',
  stackName: 'backlot-links',
  template: JSON.stringify(template),
  assets: [{ hash: 'h', path: '/x', packaging: 'zip', bucket: 'b', key: 'h.zip' }],
  dependencies: [],
  paths: new Map([['Queue', 'Links/Clicks/Queue']]),
})

const described = (status: Stack['StackStatus'], outputs: Record<string, string> = {}): { Stacks: Stack[] } => ({
  Stacks: [
    {
      StackName: 'backlot-links',
      CreationTime: new Date(0),
      StackStatus: status,
      Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
    },
  ],
})

let eventNumber = 0
const event = (id: string, type: string, status: string, reason?: string) => {
  eventNumber += 1
  return {
    EventId: String(eventNumber),
    StackId: 's',
    StackName: 'backlot-links',
    Timestamp: new Date(0),
    LogicalResourceId: id,
    ResourceType: type,
    ResourceStatus: status,
    ResourceStatusReason: reason,
  } as StackEvent
}

const absent = Object.assign(new Error('Stack with id backlot-links does not exist'), { name: 'ValidationError' })
const created = () => event('backlot-links', STACK, 'CREATE_COMPLETE')

/** A deployed stack with this template and these events. */
function deployed(template: object, events: StackEvent[] = [created()]): void {
  cloudFormation.on(DescribeStacksCommand).resolves(described('CREATE_COMPLETE', { ApiId: 'old' }))
  cloudFormation.on(DescribeStackEventsCommand).resolves({ StackEvents: events })
  cloudFormation.on(GetTemplateCommand).resolves({ TemplateBody: JSON.stringify(template) })
}

const refusalOf = async (promise: Promise<unknown>): Promise<Refusal> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Refusal)) throw new Error(`expected a Refusal, got ${String(error)}`)
  return error
}

describe('a stack that is not there', () => {
  test('is created after its assets were uploaded, and polled until it is done', async () => {
    cloudFormation
      .on(DescribeStacksCommand)
      .rejectsOnce(absent)
      .resolvesOnce(described('CREATE_IN_PROGRESS'))
      .resolves(described('CREATE_COMPLETE', { ApiId: 'abc' }))
    cloudFormation.on(DescribeStackEventsCommand).resolves({ StackEvents: [created()] })
    cloudFormation.on(CreateStackCommand).callsFake(() => {
      expect(uploads).toEqual(['h.zip'])
    })
    const result = await deploy(stack({ Resources: {} }))
    expect(result).toMatchObject({ id: 'Links', outcome: 'created', outputs: { ApiId: 'abc' } })
    const [call] = cloudFormation.commandCalls(CreateStackCommand)
    expect(call?.args[0].input).toMatchObject({
      StackName: 'backlot-links',
      TemplateBody: '{"Resources":{}}',
      Capabilities: ['CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
    })
  })

  test('that fails is refused with the resource, its type and its reason', async () => {
    cloudFormation.on(DescribeStacksCommand).rejectsOnce(absent).resolves(described('CREATE_FAILED'))
    cloudFormation.on(DescribeStackEventsCommand).resolves({
      StackEvents: [
        event('backlot-links', STACK, 'CREATE_FAILED'),
        event('Queue', 'AWS::SQS::Queue', 'CREATE_FAILED', 'bad name'),
      ],
    })
    const refusal = await refusalOf(deploy(stack({})))
    expect(refusal.code).toBe('deploy_failed')
    expect(refusal.message).toBe(
      'Stack Links could not be created:\n  Links/Clicks/Queue (AWS::SQS::Queue)\n    bad name',
    )
    expect(refusal.hint).toContain('npm run reset')
  })

  test('with a template over 51200 bytes is sent by the URL of its asset', async () => {
    cloudFormation.on(DescribeStacksCommand).rejectsOnce(absent).resolves(described('CREATE_COMPLETE'))
    cloudFormation.on(DescribeStackEventsCommand).resolves({ StackEvents: [created()] })
    const large = stack({ Description: 'x'.repeat(51_200) })
    const own = { hash: 't', path: '/x/Links.template.json', packaging: 'file' as const, bucket: 'b', key: 't.json' }
    await deploy({ ...large, assets: [own] })
    const [call] = cloudFormation.commandCalls(CreateStackCommand)
    expect(call?.args[0].input).toMatchObject({ TemplateURL: 'http://127.0.0.1:1/b/t.json' })
    expect(call?.args[0].input.TemplateBody).toBeUndefined()
  })
})

describe('a stack that is there', () => {
  test('with the same template is left alone, and nothing is uploaded', async () => {
    deployed({ Resources: {} })
    expect(await deploy(stack({ Resources: {} }))).toMatchObject({ outcome: 'unchanged', outputs: { ApiId: 'old' } })
    expect(cloudFormation.commandCalls(UpdateStackCommand)).toHaveLength(0)
    expect(uploads).toEqual([])
  })

  test('with another template is updated; the events of before do not count as the end', async () => {
    const before = [created()]
    const after = [event('backlot-links', STACK, 'UPDATE_COMPLETE'), ...before]
    deployed({ Resources: {} })
    cloudFormation
      .on(DescribeStackEventsCommand)
      .resolvesOnce({ StackEvents: before })
      .resolvesOnce({ StackEvents: before })
      .resolves({ StackEvents: after })
    expect(await deploy(stack({ Resources: { New: {} } }))).toMatchObject({ outcome: 'updated' })
    expect(cloudFormation.commandCalls(DescribeStackEventsCommand)).toHaveLength(3)
  })

  test('whose update LocalStack calls complete though it was rolled back is refused', async () => {
    deployed({ Resources: {} })
    cloudFormation
      .on(DescribeStackEventsCommand)
      .resolvesOnce({ StackEvents: [] })
      .resolves({
        StackEvents: [
          event('backlot-links', STACK, 'UPDATE_COMPLETE'),
          event('backlot-links', STACK, 'ROLLBACK_COMPLETE'),
          event('Queue', 'AWS::SQS::Queue', 'CREATE_FAILED', 'bad name'),
        ],
      })
    const refusal = await refusalOf(deploy(stack({ Resources: { Queue: {} } })))
    expect(refusal.code).toBe('deploy_failed')
    expect(refusal.message).toContain('could not be updated')
    expect(refusal.message).toContain('bad name')
  })

  test('with an event list of several pages is judged by all of them', async () => {
    deployed({ Resources: {} })
    cloudFormation
      .on(DescribeStackEventsCommand)
      .resolvesOnce({ StackEvents: [created()], NextToken: 'more' })
      .resolves({ StackEvents: [event('backlot-links', STACK, 'ROLLBACK_COMPLETE')] })
    expect((await refusalOf(deploy(stack({})))).code).toBe('stack_damaged')
  })

  test.each(['ROLLBACK_COMPLETE', 'CREATE_FAILED', 'UPDATE_ROLLBACK_COMPLETE'])(
    'that is %s is refused before anything is sent',
    async (status) => {
      deployed({ Resources: {} }, [event('backlot-links', STACK, status)])
      const refusal = await refusalOf(deploy(stack({ Resources: { New: {} } })))
      expect(refusal).toMatchObject({ code: 'stack_damaged', hint: expect.stringContaining('npm run reset') })
      expect(cloudFormation.commandCalls(UpdateStackCommand)).toHaveLength(0)
    },
  )

  test('whose table gets another key is refused before anything is sent', async () => {
    const table = (key: string) => ({
      Resources: {
        Table: {
          Type: 'AWS::DynamoDB::Table',
          Properties: { TableName: 'backlot-links', KeySchema: [{ AttributeName: key, KeyType: 'HASH' }] },
        },
      },
    })
    deployed(table('pk'))
    const refusal = await refusalOf(deploy(stack(table('id'))))
    expect(refusal.code).toBe('table_change')
    expect(refusal.message).toContain('KeySchema of table backlot-links')
    expect(refusal.hint).toContain('npm run reset')
    expect(uploads).toEqual([])
  })
})
