/** What every service shares: the event bus, the alarms topic, the kit's secret, and who may come in (access table). */
import { type App, ArnFormat, RemovalPolicy } from 'aws-cdk-lib'
import { CfnAccount } from 'aws-cdk-lib/aws-apigateway'
import { EventBus } from 'aws-cdk-lib/aws-events'
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { acknowledge } from './constructs/policies.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import { ServiceTable } from './constructs/service-table.ts'
import { type Environment, platformNames } from './environments.ts'

/** 64 characters of 62 kinds are 381 bits: more than the 256 bits that HKDF-SHA-256 can draw from it. */
const KIT_SECRET_LENGTH = 64

export class Platform extends ServiceStack {
  constructor(app: App, environment: Environment) {
    super(app, 'Platform', { environment, description: 'Backlot: event bus, alarms topic, keys, access table' })
    const names = platformNames(environment)
    new EventBus(this, 'Bus', { eventBusName: names.bus, description: 'Changes that services publish' })
    this.#alarmsTopic(names.alarmsTopic)
    new ServiceTable(this, 'Access', { tableName: names.accessTable })
    this.#kitSecret(names.kitSecret)
    if (environment.capabilities.apiAccessLogs) this.#apiGatewayLogs()
  }

  #alarmsTopic(topicName: string): void {
    const topic = new Topic(this, 'Alarms', { topicName, enforceSSL: true })
    // A topic with a policy of its own loses the default one, which lets the account's alarms publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          ArnLike: {
            'aws:SourceArn': this.formatArn({
              service: 'cloudwatch',
              resource: 'alarm',
              resourceName: `${this.deployment.prefix}-*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    )
  }

  #kitSecret(secretName: string): void {
    const secret = new Secret(this, 'KitSecret', {
      secretName,
      description: 'The function kit derives the keys for API keys and cursors from it',
      generateSecretString: { passwordLength: KIT_SECRET_LENGTH, excludePunctuation: true },
      removalPolicy: this.deployment.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    acknowledge(
      secret,
      'AwsSolutions-SMG4',
      'Stored hashes of API keys are made with it: rotating it would invalidate them all.',
    )
  }

  /** API Gateway needs one role for an account and region before any stage can write logs. */
  #apiGatewayLogs(): void {
    const role = new Role(this, 'ApiGatewayLogs', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
    })
    acknowledge(
      role,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
      'API Gateway checks for exactly the permissions of this policy.',
    )
    new CfnAccount(this, 'ApiGatewayAccount', { cloudWatchRoleArn: role.roleArn })
  }
}
