/** The whole app, synthesised for one environment as the CLI would, with made-up settings for AWS. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import cdkJson from '../../cdk.json' with { type: 'json' }
import { addStacks } from '../../infra/app.ts'
import { bundleFunctions } from '../../infra/bundle.ts'
import { ServiceStack } from '../../infra/constructs/service-stack.ts'
import { type EnvironmentName, environmentOf } from '../../infra/environments.ts'
import { temporaryFolder } from './temporary.ts'

const VARIABLES = {
  BACKLOT_PUBLIC_ORIGIN: 'https://go.example.com',
  BACKLOT_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000',
  CDK_DEFAULT_ACCOUNT: '111111111111',
  CDK_DEFAULT_REGION: 'eu-west-1',
}
const LOCAL_VARIABLES = {}

/** Stands for every layer. */
function layerFolder(): string {
  const folder = temporaryFolder('layer')
  mkdirSync(path.join(folder, 'nodejs'))
  writeFileSync(path.join(folder, 'nodejs/package.json'), '{}')
  return folder
}

let bundled: ReturnType<typeof bundleFunctions> | undefined

export interface Resource {
  readonly logicalId: string
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the resource type's, and tests assert it
  readonly Properties: any
  readonly DeletionPolicy?: string
}

export interface Backlot {
  readonly app: App
  readonly stacks: readonly ServiceStack[]
  /** By construct id. */
  readonly templates: ReadonlyMap<string, Template>
  readonly resources: readonly Resource[]
  readonly ofType: (type: string) => readonly Resource[]
}

export async function bundles() {
  bundled ??= bundleFunctions()
  return bundled
}

/** One synthesis of each environment and context for all files: they only look at what came out. */
const synthesised = new Map<string, Promise<Backlot>>()

/** `context` is CDK context beside that of cdk.json, as with `-c`. */
export function backlot(name: EnvironmentName, context: Readonly<Record<string, unknown>> = {}): Promise<Backlot> {
  const key = JSON.stringify([name, context])
  const known = synthesised.get(key) ?? synthesise(name, context)
  synthesised.set(key, known)
  return known
}

async function synthesise(name: EnvironmentName, context: Readonly<Record<string, unknown>>): Promise<Backlot> {
  await bundles()
  const app = new App({
    outdir: temporaryFolder('synth'),
    analyticsReporting: false,
    context: {
      ...cdkJson.context,
      'aws:cdk:disable-asset-staging': true,
      // What is in a layer is no business of a template, and 70 MB.
      'backlot:layers': layerFolder(),
      env: name,
      ...context,
    },
  })
  const local = name === 'local' || name === 'localstack'
  addStacks(
    app,
    environmentOf({
      context: (key) => app.node.tryGetContext(key),
      variables: local
        ? LOCAL_VARIABLES
        : { ...VARIABLES, ...(name === 'dev' && { BACKLOT_CERTIFICATE_ARN: undefined }) },
    }),
  )
  const stacks = app.node.children.filter((child): child is ServiceStack => child instanceof ServiceStack)
  const templates = new Map(stacks.map((stack) => [stack.node.id, Template.fromStack(stack)]))
  const resources = [...templates.values()].flatMap(resourcesOf)
  return { app, stacks, templates, resources, ofType: (type) => resources.filter(({ Type }) => Type === type) }
}

export const resourcesOf = (template: Template): Resource[] =>
  Object.entries<Omit<Resource, 'logicalId'>>(template.toJSON().Resources).map(([logicalId, resource]) => ({
    ...resource,
    logicalId,
  }))

/** As deployed in production, where nothing is left out. */
export async function templateOf(stack: string): Promise<Template> {
  const found = (await backlot('prod')).templates.get(stack)
  if (found === undefined) throw new Error(`expected a stack ${stack}`)
  return found
}

/** What the stream's readers are told of, a list of patterns for each. */
export const streamFilters = (template: Template): readonly (readonly unknown[])[] =>
  resourcesOf(template)
    .filter(({ Type, Properties }) => Type === 'AWS::Lambda::EventSourceMapping' && Properties.StartingPosition)
    .map(({ Properties }) =>
      Properties.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern) as unknown),
    )

/** Every statement of a role's inline and attached policies, by the role's logical id. */
export function statementsOf(template: Template, roleId: string): readonly Statement[] {
  return resourcesOf(template)
    .filter(
      ({ Type, Properties }) => Type === 'AWS::IAM::Policy' && JSON.stringify(Properties.Roles).includes(`"${roleId}"`),
    )
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
}

export interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
}

export const actionsOf = (statements: readonly Statement[]): string[] =>
  statements.flatMap(({ Action }) => Action).sort()
