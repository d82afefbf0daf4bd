import { Match, type Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { grantKit, ServiceApi } from '../../infra/constructs/service-api.ts'
import { ServiceFunction } from '../../infra/constructs/service-function.ts'
import { ServiceTable } from '../../infra/constructs/service-table.ts'
import type { Environment } from '../../infra/environments.ts'
import { defineEnvironment } from '../../layers/core/environment.ts'
import { KIT_VARIABLES } from '../../layers/core/kit-environment.ts'
import { actionsOf, resourcesOf, statementsOf } from './backlot.ts'
import { IMPACT, LOCAL, PROD, SOURCE, sampleFunction, sampleStack, synth } from './sample.ts'

const apiStack = async (environment: Environment, name?: string): Promise<Template> => {
  const stack = await sampleStack(environment)
  new ServiceApi(stack, 'Api', {
    handler: sampleFunction(stack),
    monitoring: IMPACT,
    ...(name !== undefined && { name }),
  })
  return synth(stack)
}

const ofType = (template: Template, type: string) => resourcesOf(template).filter(({ Type }) => Type === type)

describe('ServiceApi', () => {
  it('sends every method of / and /{proxy+} to the function', async () => {
    const template = await apiStack(LOCAL)
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      Name: 'backlot-sample',
      EndpointConfiguration: { Types: ['REGIONAL'] },
    })
    const methods = ofType(template, 'AWS::ApiGateway::Method').map(({ Properties }) => Properties)
    expect(methods.map(({ HttpMethod, Integration }) => [HttpMethod, Integration.Type])).toEqual([
      ['ANY', 'AWS_PROXY'],
      ['ANY', 'AWS_PROXY'],
    ])
    expect(ofType(template, 'AWS::ApiGateway::Resource').map(({ Properties }) => Properties.PathPart)).toEqual([
      '{proxy+}',
    ])
  })

  it('is the only one that may invoke the function', async () => {
    const permissions = ofType(await apiStack(LOCAL), 'AWS::Lambda::Permission')
    expect(permissions).toHaveLength(1)
    expect(permissions[0]?.Properties).toMatchObject({ Principal: 'apigateway.amazonaws.com' })
    expect(JSON.stringify(permissions[0]?.Properties.SourceArn)).toContain(':execute-api:us-east-1:000000000000:')
  })

  it('has a throttled stage called live', async () => {
    const template = await apiStack(LOCAL)
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      StageName: 'live',
      TracingEnabled: false,
      AccessLogSetting: Match.absent(),
      MethodSettings: [Match.objectLike({ ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1_000 })],
    })
    template.resourceCountIs('AWS::ApiGateway::GatewayResponse', 0)
  })

  it('is called by its part of the service when it has one', async () => {
    const template = await apiStack(PROD, 'second')
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { Name: 'backlot-sample-second' })
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName: 'backlot-sample-second-gateway-5xx' })
  })

  it('traces and logs requests as JSON on AWS', async () => {
    const template = await apiStack(PROD)
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: true,
      AccessLogSetting: { Format: Match.stringLikeRegexp('"requestId":"\\$context.requestId"') },
    })
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/apigateway/backlot-sample',
      RetentionInDays: 90,
    })
  })

  it('answers as problem+json on AWS what never reaches the function', async () => {
    const template = await apiStack(PROD)
    template.hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseType: 'THROTTLED',
      StatusCode: '429',
      ResponseParameters: {
        'gatewayresponse.header.Content-Type': "'application/problem+json'",
        'gatewayresponse.header.Retry-After': "'1'",
      },
    })
    for (const { Properties } of ofType(template, 'AWS::ApiGateway::GatewayResponse')) {
      const problem = JSON.parse(Properties.ResponseTemplates['application/json'])
      expect(problem).toMatchObject({ instance: '$context.requestId', status: Number(Properties.StatusCode) })
    }
  })

  it('alarms on its own errors and on a slow 99th percentile', async () => {
    const template = await apiStack(PROD)
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'backlot-sample-gateway-5xx',
      MetricName: '5XXError',
      Statistic: 'Sum',
      Dimensions: [
        { Name: 'ApiName', Value: 'backlot-sample' },
        { Name: 'Stage', Value: Match.anyValue() },
      ],
    })
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'backlot-sample-gateway-latency',
      MetricName: 'Latency',
      ExtendedStatistic: 'p99',
      Threshold: 1_000,
    })
  })
})

describe('grantKit', () => {
  it('gives the function what its kit reads: access, the secret, its own state', async () => {
    const stack = await sampleStack(LOCAL)
    const environment = defineEnvironment([...KIT_VARIABLES])
    const handler = new ServiceFunction(stack, 'Work', { source: SOURCE, environment, monitoring: IMPACT })
    grantKit(handler, { state: new ServiceTable(stack, 'Table') })
    const template = synth(stack)
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          ACCESS_TABLE: 'backlot-access',
          KIT_SECRET_ID: 'backlot/kit',
          STATE_TABLE: { Ref: Match.anyValue() },
          PUBLIC_ORIGIN: 'http://localhost:4000',
        },
      },
    })
    const [role] = ofType(template, 'AWS::IAM::Role')
    const statements = statementsOf(template, role?.logicalId ?? '')
    const access = statements.find(({ Resource }) => JSON.stringify(Resource).includes('table/backlot-access'))
    expect(access?.Action).toEqual(['dynamodb:GetItem', 'dynamodb:Query'])
    const secret = statements.find(({ Resource }) => JSON.stringify(Resource).includes('secret:backlot/kit-??????'))
    expect(secret?.Action).toBe('secretsmanager:GetSecretValue')
    expect(actionsOf(statements)).toHaveLength(2 + 2 + 1 + 8)
  })
})
