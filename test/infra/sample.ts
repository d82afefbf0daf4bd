/** A checkout with two tiny functions, to try constructs on without the product's own. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import cdkJson from '../../cdk.json' with { type: 'json' }
import { bundleFunctions } from '../../infra/bundle.ts'
import { defineCapabilities } from '../../infra/capabilities.ts'
import { ServiceFunction, type ServiceFunctionProps } from '../../infra/constructs/service-function.ts'
import { ServiceStack } from '../../infra/constructs/service-stack.ts'
import type { Environment } from '../../infra/environments.ts'
import { defineEnvironment } from '../../layers/core/environment.ts'
import { temporaryFolder } from './temporary.ts'

export const LOCAL: Environment = {
  name: 'local',
  prefix: 'backlot',
  account: '000000000000',
  region: 'us-east-1',
  publicOrigin: 'http://localhost:4000',
  certificateArn: undefined,
  mailFrom: 'no-reply@backlot.example',
  keepsData: false,
  logRetentionDays: 7,
  capabilities: defineCapabilities('local'),
}
export const PROD: Environment = {
  ...LOCAL,
  name: 'prod',
  account: '111111111111',
  region: 'eu-west-1',
  publicOrigin: 'https://go.example.com',
  keepsData: true,
  logRetentionDays: 90,
  capabilities: defineCapabilities('aws'),
}

export const SOURCE = 'functions/sample/work.lambda.ts'
export const OTHER_SOURCE = 'functions/sample/other.lambda.ts'
export const IMPACT = { impact: 'Nobody notices.' }

/** Writes the files into a new checkout and bundles its functions. */
export async function checkout(files: Readonly<Record<string, string>>): Promise<string> {
  const root = writeCheckout(files)
  await bundleFunctions({ root })
  return root
}

export function writeCheckout(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder('checkout')
  write(root, { 'package.json': '{"type":"module"}', ...files })
  return root
}

export function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), text)
  }
}

let sampleRoot: Promise<string> | undefined

const HANDLER = 'export const handler = async () => "done"'

/** A stack `Sample` whose checkout has the functions `work` and `other`. */
export async function sampleStack(
  environment: Environment = LOCAL,
  context: Readonly<Record<string, unknown>> = {},
): Promise<ServiceStack> {
  sampleRoot ??= checkout({ [SOURCE]: HANDLER, [OTHER_SOURCE]: HANDLER })
  const app = new App({
    outdir: temporaryFolder('synth'),
    analyticsReporting: false,
    context: { ...cdkJson.context, 'aws:cdk:disable-asset-staging': true, ...context },
  })
  return new ServiceStack(app, 'Sample', { environment, description: 'sample', root: await sampleRoot })
}

export const sampleEnvironment = defineEnvironment(['QUEUE_URL', 'TABLE'])
export const emptyEnvironment = defineEnvironment([])

export const sampleFunction = (
  stack: ServiceStack,
  props: Partial<ServiceFunctionProps<never>> = {},
): ServiceFunction<never> =>
  new ServiceFunction(stack, 'Work', { source: SOURCE, environment: emptyEnvironment, monitoring: IMPACT, ...props })

export const synth = (stack: ServiceStack): Template => Template.fromStack(stack)
