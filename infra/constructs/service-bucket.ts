/**
 * A bucket of one service: private, encrypted, TLS only, named by convention. Names of buckets are unique in the world, so
 * account and region are part of them. Grants name actions and a prefix of keys.
 */
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Grant } from 'aws-cdk-lib/aws-iam'
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { acknowledge } from './policies.ts'
import type { ServiceFunctionTarget } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** Parts of an upload that nobody finished are paid for and can't be seen. */
const ABANDONED_UPLOADS = Duration.days(1)

export interface ServiceBucketProps {
  /** The bucket's part of its name: `lake` → `backlot-etl-lake-<account>-<region>`. */
  readonly name: string
  /** Whether new objects are announced on the account's default event bus. @default false */
  readonly announcesObjects?: boolean
  /** When objects are deleted. @default never */
  readonly expireAfter?: Duration
}

export type ObjectAction = 'GetObject' | 'PutObject' | 'DeleteObject'

export class ServiceBucket extends Construct {
  readonly bucket: Bucket
  readonly bucketName: string
  /** As it was given: `lake`. */
  readonly name: string

  constructor(scope: Construct, id: string, { name, announcesObjects, expireAfter }: ServiceBucketProps) {
    super(scope, id)
    const stack = ServiceStack.of(this)
    const { keepsData } = stack.deployment
    this.name = name
    this.bucketName = `${stack.nameFor(name)}-${Aws.ACCOUNT_ID}-${Aws.REGION}`
    this.bucket = new Bucket(this, 'Bucket', {
      bucketName: this.bucketName,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: ABANDONED_UPLOADS, ...(expireAfter && { expiration: expireAfter }) },
      ],
      removalPolicy: keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    acknowledge(this.bucket, 'AwsSolutions-S1', 'Each access is in the log of the function that made it.')
    // The bucket's own property: CDK's `eventBridgeEnabled` is a custom resource, which LocalStack does not run.
    if (announcesObjects)
      (this.bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
        eventBridgeConfiguration: { eventBridgeEnabled: true },
      }
  }

  /** Exactly these actions on objects; sets `variable` to the bucket's name. */
  grant<Name extends string>(
    fn: ServiceFunctionTarget<Name> & Construct,
    variable: NoInfer<Name>,
    ...actions: readonly ObjectAction[]
  ): void {
    Grant.addToPrincipal({
      grantee: fn,
      actions: actions.map((action) => `s3:${action}`),
      resourceArns: [this.bucket.arnForObjects('*')],
    })
    // Without it S3 answers 403 for an object that is not there.
    Grant.addToPrincipal({ grantee: fn, actions: ['s3:ListBucket'], resourceArns: [this.bucket.bucketArn] })
    acknowledge(
      fn,
      `AwsSolutions-IAM5[Resource::<${ServiceStack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket)}.Arn>/*]`,
      'Workspaces share the bucket; the function puts the workspace of the request before every key.',
    )
    fn.setVariable(variable, this.bucketName)
  }
}
