/**
 * The four environments that the same stacks are deployed to: settings, and what each target can and can't do, by
 * name and with its reason. Code asks for a capability, never for an environment's name.
 */
import { type Capabilities, defineCapabilities } from './capabilities.ts'

export const ENVIRONMENT_NAMES = ['local', 'localstack', 'dev', 'prod'] as const
export type EnvironmentName = (typeof ENVIRONMENT_NAMES)[number]

/** LocalStack's account. Fixed, so that the CDK CLI refuses to deploy a local assembly to any real account. */
const LOCAL_ACCOUNT = '000000000000'
const LOCAL_REGION = 'us-east-1'
const LOCAL_EDGE_PORT = '4000'
/** A name that exists nowhere (RFC 2606). The seed makes the local mail service accept it. */
export const LOCAL_MAIL_FROM = 'no-reply@backlot.example'

export interface Environment {
  readonly name: EnvironmentName
  /** Starts the name of everything that is deployed. */
  readonly prefix: string
  /** AWS account id; undefined where the CLI's credentials decide. */
  readonly account: string | undefined
  readonly region: string | undefined
  /** What users see: scheme, host and port, without a slash at the end. */
  readonly publicOrigin: string
  /** ACM certificate in us-east-1 for the host of `publicOrigin`; without it CloudFront's own name is used. */
  readonly certificateArn: string | undefined
  /** Sender of every mail, an address that SES has verified or will be asked to. */
  readonly mailFrom: string
  /** Data outlives a deleted stack: point-in-time recovery, deletion protection, retained resources. */
  readonly keepsData: boolean
  readonly logRetentionDays: 7 | 30 | 90
  readonly capabilities: Capabilities
}

/** Where settings come from: CDK context first, then the process environment. */
export interface Settings {
  context(name: string): unknown
  readonly variables: Readonly<Record<string, string | undefined>>
}

/**
 * The environment that `-c env=…` or `BACKLOT_ENV` chooses; `local` without either.
 * @throws when the name is unknown, or a setting that this environment needs is missing or malformed.
 */
export function environmentOf(settings: Settings): Environment {
  const chosen = setting(settings, 'env', 'BACKLOT_ENV') ?? 'local'
  const name = ENVIRONMENT_NAMES.find((candidate) => candidate === chosen)
  if (!name) throw new Error(`expected the environment to be one of ${ENVIRONMENT_NAMES.join(', ')}, got ${chosen}`)
  return name === 'local' || name === 'localstack' ? localEnvironment(name, settings) : awsEnvironment(name, settings)
}

function localEnvironment(name: 'local' | 'localstack', { variables }: Settings): Environment {
  return {
    name,
    prefix: 'backlot',
    account: LOCAL_ACCOUNT,
    region: variables['CDK_DEFAULT_REGION'] ?? variables['AWS_REGION'] ?? LOCAL_REGION,
    publicOrigin: `http://localhost:${variables['BACKLOT_PORT'] ?? LOCAL_EDGE_PORT}`,
    certificateArn: undefined,
    mailFrom: LOCAL_MAIL_FROM,
    keepsData: false,
    logRetentionDays: 7,
    capabilities: defineCapabilities(name),
  }
}

function awsEnvironment(name: 'dev' | 'prod', settings: Settings): Environment {
  const certificateArn = setting(settings, 'backlot:certificateArn', 'BACKLOT_CERTIFICATE_ARN')
  if (name === 'prod' && !certificateArn)
    throw new Error(
      'expected an ACM certificate (us-east-1) for prod in BACKLOT_CERTIFICATE_ARN or -c backlot:certificateArn=…, got none',
    )
  const publicOrigin = httpsOrigin(setting(settings, 'backlot:publicOrigin', 'BACKLOT_PUBLIC_ORIGIN'))
  return {
    name,
    prefix: name === 'prod' ? 'backlot' : `backlot-${name}`,
    account: settings.variables['CDK_DEFAULT_ACCOUNT'],
    region: settings.variables['CDK_DEFAULT_REGION'],
    publicOrigin,
    certificateArn,
    mailFrom:
      setting(settings, 'backlot:mailFrom', 'BACKLOT_MAIL_FROM') ?? `no-reply@${new URL(publicOrigin).hostname}`,
    keepsData: name === 'prod',
    logRetentionDays: name === 'prod' ? 90 : 30,
    capabilities: defineCapabilities('aws'),
  }
}

function setting(settings: Settings, context: string, variable: string): string | undefined {
  const value = settings.context(context) ?? settings.variables[variable]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw new Error(`expected ${context} to be text, got ${JSON.stringify(value)}`)
  return value
}

function httpsOrigin(value: string | undefined): string {
  const example = 'BACKLOT_PUBLIC_ORIGIN or -c backlot:publicOrigin=https://example.com'
  if (!value) throw new Error(`expected the public origin of an AWS environment in ${example}, got none`)
  const url = URL.parse(value)
  if (url?.protocol !== 'https:' || url.origin !== value)
    throw new Error(`expected the public origin to be https:// with a host and nothing behind it, got ${value}`)
  return value
}

/** The name of something of ours in this environment: `nameIn(environment, 'links', 'api')` → `backlot-links-api`. */
export const nameIn = ({ prefix }: Pick<Environment, 'prefix'>, ...parts: string[]): string =>
  [prefix, ...parts].join('-')

/** Names of what the platform stack makes and every service refers to. */
export const platformNames = (environment: Pick<Environment, 'prefix'>) => ({
  bus: environment.prefix,
  accessTable: nameIn(environment, 'access'),
  kitSecret: `${environment.prefix}/kit`,
  alarmsTopic: nameIn(environment, 'alarms'),
})
