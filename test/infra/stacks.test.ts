import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { RUNTIME_VARIABLES } from '../../infra/constructs/service-function.ts'
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts'
import { functionSource, listFunctions, ROOT } from '../../infra/sources.ts'
import type { EnvironmentDefinition } from '../../layers/core/environment.ts'
import { actionsOf, backlot, resourcesOf, statementsOf } from './backlot.ts'

const FUNCTION = 'AWS::Lambda::Function'

const roleOf = (template: Template, functionName: string): string => {
  const fn = resourcesOf(template).find(({ Properties }) => Properties?.FunctionName === functionName)
  return fn?.Properties.Role['Fn::GetAtt'][0]
}

describe.each(ENVIRONMENT_NAMES)('the functions of %s', (name) => {
  it('are all those of the checkout, each described by its source', async () => {
    const { ofType } = await backlot(name)
    const sources = ofType(FUNCTION).map(({ Properties }): string => Properties.Description)
    expect(sources.toSorted()).toEqual(listFunctions().map(({ source }) => source))
    for (const source of sources) expect(existsSync(path.join(ROOT, source)), source).toBe(true)
  })

  it('are named by the environment, the service and the file', async () => {
    const { ofType } = await backlot(name)
    for (const { Properties } of ofType(FUNCTION)) {
      const { service, name: file } = functionSource(Properties.Description)
      expect(Properties.FunctionName).toBe(`backlot${name === 'dev' ? '-dev' : ''}-${service}-${file}`)
    }
  })

  it('have exactly the variables that their services declare', async () => {
    const { ofType } = await backlot(name)
    for (const { Properties } of ofType(FUNCTION)) {
      const { service, name: file } = functionSource(Properties.Description)
      const declared = await declaredBy(service, file)
      const set = Object.keys(Properties.Environment.Variables).toSorted()
      expect(set, Properties.Description).toEqual([...declared, ...Object.keys(RUNTIME_VARIABLES)].toSorted())
    }
  })
})

/** `count-clicks` reads `countClicksEnvironment` of its service; the docs' only function reads `docsEnvironment`. */
async function declaredBy(service: string, file: string): Promise<readonly string[]> {
  const definitions: Record<string, EnvironmentDefinition<string>> = await import(
    `../../functions/${service}/environment.ts`
  )
  const camelCase = file.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  const definition = definitions[`${camelCase}Environment`] ?? definitions[`${service}Environment`]
  expect(definition, `${service} declares the environment of ${file}`).toBeDefined()
  return definition?.names ?? []
}

describe('the order of the stacks', () => {
  it.each(['local', 'localstack'] as const)(
    'of %s: who has a rule on the bus after the bus, nothing else',
    async (name) => {
      const { stacks } = await backlot(name)
      const order = stacks.map((stack) => [stack.node.id, stack.dependencies.map(({ node }) => node.id)])
      expect(order).toEqual([
        ['Platform', []],
        ['Links', ['Platform']],
        ['Tasks', []],
        ['Schedules', ['Platform']],
        ['Auth', []],
        ['Etl', ['Platform']],
        ['Payments', []],
        ['Docs', []],
      ])
    },
  )

  it('is among services none: no service waits for another', async () => {
    const { stacks } = await backlot('prod')
    const order = stacks.map((stack) => [stack.node.id, stack.dependencies.map(({ node }) => node.id)])
    expect(order).toEqual([
      ['Platform', []],
      ['Links', ['Platform']],
      ['Tasks', ['Platform']],
      ['Schedules', ['Platform']],
      ['Auth', ['Platform']],
      ['Etl', ['Platform']],
      ['Payments', ['Platform']],
      ['Docs', ['Platform']],
      ['Edge', ['Links', 'Tasks', 'Schedules', 'Auth', 'Etl', 'Payments', 'Docs']],
    ])
  })

  it.each(ENVIRONMENT_NAMES)('of %s leaves no reference between stacks', async (name) => {
    const { templates } = await backlot(name)
    for (const [id, template] of templates) {
      expect(JSON.stringify(template.toJSON()), id).not.toContain('Fn::ImportValue')
      for (const output of Object.values<{ Export?: unknown }>(template.toJSON().Outputs ?? {}))
        expect(output.Export).toBeUndefined()
    }
  })
})

describe('the names', () => {
  it('are those of the convention', async () => {
    const { resources, stacks, templates } = await backlot('local')
    const names = resources.map(({ Properties = {} }) => [
      Properties.TableName ??
        Properties.QueueName ??
        Properties.EventBusName ??
        Properties.TopicName ??
        Properties.SecretId,
    ])
    const flat = names.flat().filter((found) => typeof found === 'string')
    for (const expected of ['backlot-links', 'backlot-access', 'backlot', 'backlot-alarms', 'backlot-links-clicks'])
      expect(flat).toContain(expected)
    expect(flat).toContain('backlot-links-clicks-dlq')
    expect(stacks.map(({ stackName }) => stackName)).toEqual([
      'backlot-platform',
      'backlot-links',
      'backlot-tasks',
      'backlot-schedules',
      'backlot-auth',
      'backlot-etl',
      'backlot-payments',
      'backlot-docs',
    ])
    const outputs = Object.keys(templates.get('Links')?.toJSON().Outputs)
    expect(outputs.toSorted()).toEqual(['ApiId', 'ApiUrl', 'RedirectApiId', 'RedirectApiUrl', 'RedirectUrl'])
  })
})

describe('prod', () => {
  it('keeps its data when a stack is deleted', async () => {
    const { resources, ofType } = await backlot('prod')
    const keeps = ['AWS::DynamoDB::Table', 'AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup', 'AWS::S3::Bucket']
    const lost = resources.filter(({ Type, DeletionPolicy }) => keeps.includes(Type) && DeletionPolicy !== 'Retain')
    expect(lost).toEqual([])
    for (const { Properties } of ofType('AWS::DynamoDB::Table'))
      expect(Properties).toMatchObject({
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      })
  })

  it('protects its stacks from being deleted', async () => {
    const { stacks } = await backlot('prod')
    expect(stacks.filter(({ terminationProtection }) => !terminationProtection)).toEqual([])
  })
})

describe('privileges', () => {
  it('of the redirect: one read, one send, its logs', async () => {
    const { templates } = await backlot('local')
    const links = templates.get('Links') as Template
    const statements = statementsOf(links, roleOf(links, 'backlot-links-redirect'))
    expect(actionsOf(statements)).toEqual([
      'dynamodb:GetItem',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:SendMessage',
    ])
  })

  it.each(ENVIRONMENT_NAMES)(
    'in %s: no action with a wildcard, no resource * but where AWS has no other',
    async (name) => {
      const { templates } = await backlot(name)
      const withoutResource = [
        'dynamodb:ListStreams',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
        'xray:PutTelemetryRecords',
        'xray:PutTraceSegments',
        // What Step Functions needs for its log: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
        ...['CreateLogDelivery', 'DeleteLogDelivery', 'GetLogDelivery', 'ListLogDeliveries', 'UpdateLogDelivery'].map(
          (action) => `logs:${action}`,
        ),
        ...['DescribeLogGroups', 'DescribeResourcePolicies', 'PutResourcePolicy'].map((action) => `logs:${action}`),
      ]
      for (const template of templates.values())
        for (const { Type, Properties, logicalId } of resourcesOf(template)) {
          if (Type !== 'AWS::IAM::Policy') continue
          for (const { Action, Resource } of Properties.PolicyDocument.Statement) {
            const actions: string[] = [Action].flat()
            expect(
              actions.filter((action) => action.includes('*')),
              logicalId,
            ).toEqual([])
            if ([Resource].flat().includes('*'))
              expect(withoutResource, logicalId).toEqual(expect.arrayContaining(actions))
          }
        }
    },
  )

  it.each(ENVIRONMENT_NAMES)('in %s: the function URL is open only where nothing signs for it', async (name) => {
    const { ofType } = await backlot(name)
    const signed = name === 'dev' || name === 'prod'
    expect(ofType('AWS::Lambda::Url').map(({ Properties }) => Properties.AuthType)).toEqual([
      signed ? 'AWS_IAM' : 'NONE',
    ])
    const open = ofType('AWS::Lambda::Permission').filter(({ Properties }) => Properties.Principal === '*')
    expect(open.length).toBe(signed ? 0 : 2)
  })
})

describe('the assets', () => {
  it('go to the bucket of the context, without a bootstrap stack', async () => {
    const { templates } = await backlot('local', { 'backlot:assets': 'backlot-assets' })
    const [fn] = resourcesOf(templates.get('Docs') as Template).filter(({ Type }) => Type === FUNCTION)
    expect(fn?.Properties.Code.S3Bucket).toBe('backlot-assets')
  })
})
