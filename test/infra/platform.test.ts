import { Match, type Template } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts'
import { backlot, resourcesOf } from './backlot.ts'

const platform = async (name: (typeof ENVIRONMENT_NAMES)[number]): Promise<Template> =>
  (await backlot(name)).templates.get('Platform') as Template

describe('the platform', () => {
  it.each(ENVIRONMENT_NAMES)('of %s has a bus, an access table, a topic and a generated secret', async (name) => {
    const template = await platform(name)
    const prefix = name === 'dev' ? 'backlot-dev' : 'backlot'
    template.hasResourceProperties('AWS::Events::EventBus', { Name: prefix })
    template.hasResourceProperties('AWS::DynamoDB::Table', { TableName: `${prefix}-access` })
    template.hasResourceProperties('AWS::SNS::Topic', { TopicName: `${prefix}-alarms` })
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: `${prefix}/kit`,
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
    })
  })

  it('lets its alarms publish to the topic, over TLS only', async () => {
    const [policy] = resourcesOf(await platform('prod')).filter(({ Type }) => Type === 'AWS::SNS::TopicPolicy')
    const [tls, alarms] = policy?.Properties.PolicyDocument.Statement ?? []
    expect(tls).toMatchObject({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })
    expect(alarms).toMatchObject({
      Effect: 'Allow',
      Action: 'sns:Publish',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
    })
    expect(JSON.stringify(alarms.Condition.ArnLike)).toContain(':cloudwatch:eu-west-1:111111111111:alarm:backlot-*')
  })

  it('gives API Gateway a role for its logs where stages write any', async () => {
    const role = { CloudWatchRoleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('ApiGatewayLogs'), 'Arn'] } }
    ;(await platform('dev')).hasResourceProperties('AWS::ApiGateway::Account', role)
    ;(await platform('local')).resourceCountIs('AWS::ApiGateway::Account', 0)
  })
})
