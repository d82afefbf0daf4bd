/** The stack of one service, which its constructs ask for the environment, names and folders. */
import { type App, CfnOutput, CliCredentialsStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib'
import { StringParameter } from 'aws-cdk-lib/aws-ssm'
import type { IConstruct } from 'constructs'
import { type Environment, nameIn } from '../environments.ts'
import { ROOT } from '../sources.ts'

export interface ServiceStackProps {
  readonly environment: Environment
  /** What this stack is for, shown in the CloudFormation console. */
  readonly description: string
  /** @default the checkout */
  readonly root?: string
}

export class ServiceStack extends Stack {
  /** The id in lower case; the service's part of every name. */
  readonly service: string
  /** Not `environment`, which CDK uses for `aws://account/region`. */
  readonly deployment: Environment
  readonly root: string

  constructor(app: App, id: string, { environment, description, root = ROOT }: ServiceStackProps) {
    super(app, id, stackProps(app, id, environment, description))
    this.service = id.toLowerCase()
    this.deployment = environment
    this.root = root
  }

  static override of(construct: IConstruct): ServiceStack {
    const stack = Stack.of(construct)
    if (!(stack instanceof ServiceStack))
      throw new Error(`expected ${construct.node.path} to be in a ServiceStack, got ${stack.constructor.name}`)
    return stack
  }

  /** `backlot-links-clicks` for the part `clicks` in the stack Links. */
  nameFor(...parts: string[]): string {
    return nameIn(this.deployment, this.service, ...parts)
  }

  /**
   * An output, also kept as a parameter where the edge stack reads it. By name instead of an export, so that a
   * service can change its API without CloudFormation refusing because the edge still uses it.
   */
  publish(name: string, value: string): void {
    new CfnOutput(this, name, { value })
    if (!this.deployment.capabilities.cloudFront) return
    new StringParameter(this, `${name}Parameter`, {
      parameterName: outputParameter(this.deployment, this.service, name),
      stringValue: value,
    })
  }
}

export const outputParameter = ({ prefix }: Environment, service: string, output: string): string =>
  `/${prefix}/${service}/${output}`

function stackProps(app: App, id: string, environment: Environment, description: string): StackProps {
  const { account, region } = environment
  const assets: unknown = app.node.tryGetContext('backlot:assets')
  return {
    stackName: nameIn(environment, id.toLowerCase()),
    description,
    env: { ...(account && { account }), ...(region && { region }) },
    // A named bucket instead of the bootstrap stack: `npm start` makes it with one call.
    ...(typeof assets === 'string' && {
      synthesizer: new CliCredentialsStackSynthesizer({ fileAssetsBucketName: assets }),
    }),
    terminationProtection: environment.keepsData,
    tags: { app: 'backlot', environment: environment.name },
  }
}
