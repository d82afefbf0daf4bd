/** What a deployment target can do, each with the reason, read by name where it matters. */

export type Target = 'local' | 'localstack' | 'aws'

interface Capability {
  readonly on: readonly Target[]
  /** Why the other targets lack it, and what holds there instead. */
  readonly otherwise: string
}

const CAPABILITIES = {
  cloudFront: {
    on: ['aws'],
    otherwise: 'LocalStack community makes no distribution; the local edge serves the same table of paths.',
  },
  gatewayResponses: {
    on: ['aws'],
    otherwise: 'LocalStack ignores headers and templates of gateway responses; the function kit answers there.',
  },
  apiAccessLogs: {
    on: ['aws'],
    otherwise: 'LocalStack writes no access logs; every function logs one line per request.',
  },
  alarms: {
    on: ['localstack', 'aws'],
    otherwise: 'nobody is told on a laptop; a third of all resources would be alarms, and every start would make them.',
  },
  xray: {
    on: ['aws'],
    otherwise: 'LocalStack accepts segments and keeps none; the log lines carry the trace id.',
  },
  signedFunctionUrls: {
    on: ['aws'],
    otherwise: 'only CloudFront signs for the function URL; the local edge calls it unsigned on loopback.',
  },
  lambdaLayers: {
    on: ['local', 'aws'],
    otherwise: 'LocalStack community in Docker does not mount layers; native modules go into the asset there.',
  },
  inbox: {
    on: ['local', 'localstack'],
    otherwise:
      'SES delivers mails to people on AWS; LocalStack keeps them, where everybody on the machine can read them.',
  },
  mailIdentities: {
    on: ['aws'],
    otherwise: 'LocalStack does not make SES identities from a template; the seed verifies the sender there.',
  },
  loopbackRequests: {
    on: ['local', 'localstack'],
    otherwise: 'on AWS an address of our own network is never the target of a request that a user chose.',
  },
} as const satisfies Record<string, Capability>

export type CapabilityName = keyof typeof CAPABILITIES
export type Capabilities = Readonly<Record<CapabilityName, boolean>>

export const CAPABILITY_NAMES = Object.keys(CAPABILITIES) as CapabilityName[]

export const defineCapabilities = (target: Target): Capabilities => {
  const has = (name: CapabilityName): boolean => (CAPABILITIES[name].on as readonly Target[]).includes(target)
  return Object.fromEntries(CAPABILITY_NAMES.map((name) => [name, has(name)])) as Capabilities
}
