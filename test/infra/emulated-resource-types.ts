/**
 * The resource types that CloudFormation on LocalStack community 4.14.0 really makes. Every other type is silently
 * "created" and does nothing, and so is every custom resource.
 *
 * Source: the resource providers in LocalStack's package (`localstack/services/<service>/resource_providers`), most of them
 * tried with `cdk deploy`. Not in the list although there is a provider: Scheduler Schedule and ScheduleGroup (stored,
 * never fire) and ECR Repository (a mock).
 */
export const EMULATED_RESOURCE_TYPES: ReadonlySet<string> = new Set([
  ...prefixed('AWS::ApiGateway::', [
    'Account',
    'ApiKey',
    'BasePathMapping',
    'Deployment',
    'DomainName',
    'GatewayResponse',
    'Method',
    'Model',
    'RequestValidator',
    'Resource',
    'RestApi',
    'Stage',
    'UsagePlan',
    'UsagePlanKey',
  ]),
  ...prefixed('AWS::CloudFormation::', ['Stack']),
  ...prefixed('AWS::CloudWatch::', ['Alarm', 'CompositeAlarm']),
  ...prefixed('AWS::DynamoDB::', ['GlobalTable', 'Table']),
  ...prefixed('AWS::Events::', ['ApiDestination', 'Connection', 'EventBus', 'EventBusPolicy', 'Rule']),
  ...prefixed('AWS::IAM::', ['InstanceProfile', 'ManagedPolicy', 'Policy', 'Role', 'ServiceLinkedRole', 'User']),
  ...prefixed('AWS::KMS::', ['Alias', 'Key']),
  ...prefixed('AWS::Kinesis::', ['Stream', 'StreamConsumer']),
  ...prefixed('AWS::KinesisFirehose::', ['DeliveryStream']),
  ...prefixed('AWS::Lambda::', [
    'Alias',
    'EventInvokeConfig',
    'EventSourceMapping',
    'Function',
    'LayerVersion',
    'LayerVersionPermission',
    'Permission',
    'Url',
    'Version',
  ]),
  ...prefixed('AWS::Logs::', ['LogGroup', 'LogStream', 'SubscriptionFilter']),
  ...prefixed('AWS::S3::', ['Bucket', 'BucketPolicy']),
  ...prefixed('AWS::SES::', ['EmailIdentity']),
  ...prefixed('AWS::SNS::', ['Subscription', 'Topic', 'TopicPolicy']),
  ...prefixed('AWS::SQS::', ['Queue', 'QueueInlinePolicy', 'QueuePolicy']),
  ...prefixed('AWS::SSM::', ['Parameter']),
  ...prefixed('AWS::SecretsManager::', ['ResourcePolicy', 'RotationSchedule', 'Secret', 'SecretTargetAttachment']),
  ...prefixed('AWS::StepFunctions::', ['Activity', 'StateMachine']),
])

function prefixed(service: string, names: readonly string[]): string[] {
  return names.map((name) => service + name)
}
