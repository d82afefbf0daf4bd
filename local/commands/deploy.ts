/**
 * `npm run deploy -- [stacks] [--env local|localstack|dev|prod]`: to the running local cloud by our own deployer, to
 * LocalStack in Docker or to AWS by the CDK CLI.
 */
import { parseArgs } from 'node:util'
import { ENVIRONMENT_NAMES, type EnvironmentName } from '../../infra/environments.ts'
import { type CloudAddress, LOCAL_REGION } from '../aws.ts'
import { outputsOf, requireAnswer } from '../cloud/cloud.ts'
import { requireCloud, tellDeployed } from '../cloud/control.ts'
import { deployWithProgress, selectStacks, synthesiseLocal } from '../deployer/deploy.ts'
import { readOutputs, writeOutputs } from '../outputs.ts'
import { elapsed, type Progress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import { seed } from '../seed.ts'
import type { Settings } from '../settings.ts'
import { deployToAws, deployToDocker } from './deploy-cdk.ts'

export interface DeployOptions {
  readonly environment: EnvironmentName
  readonly stacks: readonly string[]
  /** Deploy to AWS without asking. */
  readonly yes: boolean
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { env: { type: 'string', default: 'local' }, yes: { type: 'boolean', short: 'y', default: false } },
    })
  } catch (error) {
    throw new Refusal(
      'invalid_argument',
      (error as Error).message,
      'Usage: npm run deploy -- [stacks] [--env local|localstack|dev|prod] [--yes]',
    )
  }
}

/** @throws Refusal `invalid_argument` */
export function parseDeployArguments(args: readonly string[]): DeployOptions {
  const { values, positionals } = readArguments(args)
  const environment = ENVIRONMENT_NAMES.find((name) => name === values.env)
  if (!environment)
    throw new Refusal(
      'invalid_argument',
      `expected --env to be one of ${ENVIRONMENT_NAMES.join(', ')}, got ${values.env}`,
    )
  return { environment, stacks: positionals, yes: values.yes }
}

export async function deploy(args: readonly string[], settings: Settings, progress: Progress): Promise<void> {
  const options = parseDeployArguments(args)
  switch (options.environment) {
    case 'local':
      return settings.external
        ? deployToExternal(options, settings, settings.external, progress)
        : deployToRunning(options, settings, progress)
    case 'localstack':
      return deployToDocker(options.stacks, settings.external)
    case 'dev':
    case 'prod':
      return deployToAws(options.environment, options.stacks, options.yes)
  }
}

/** Deploys to the cloud that runs in this checkout and tells it, so that its edge knows the new outputs. */
async function deployToRunning({ stacks }: DeployOptions, { home }: Settings, progress: Progress): Promise<void> {
  const running = await requireCloud(home)
  const address = { endpoint: running.endpoint, region: LOCAL_REGION }
  const edgePort = Number(new URL(running.edgeUrl).port)
  const began = performance.now()
  const all = await progress.step('Bundle the functions and synthesise the stacks', () =>
    synthesiseLocal({ home, edgePort, hotReload: running.hotReload }),
  )
  const deployed = await deployWithProgress(selectStacks(all, stacks), address, progress)
  const before = await readOutputs(home.outputs)
  await writeOutputs(home.outputs, outputsOf(address, running.edgeUrl, deployed, before.stacks))
  const note = deployed.map(({ id, outcome }) => `${id} ${outcome}`)
  await tellDeployed(home, { at: new Date().toISOString(), stacks: note })
  progress.line(`Live on ${running.edgeUrl} after ${elapsed(performance.now() - began)}.`)
}

/** The cloud that AWS_ENDPOINT_URL names. It has no edge here; `npm start` would serve one. */
async function deployToExternal(
  { stacks }: DeployOptions,
  { home, edgePort }: Settings,
  address: CloudAddress,
  progress: Progress,
): Promise<void> {
  await requireAnswer(address.endpoint)
  const all = await progress.step('Bundle the functions and synthesise the stacks', () =>
    synthesiseLocal({ home, edgePort, hotReload: false }),
  )
  const chosen = selectStacks(all, stacks)
  const deployed = await deployWithProgress(chosen, address, progress)
  const before = await readOutputs(home.outputs).catch(() => undefined)
  const kept = before?.endpoint === address.endpoint ? before.stacks : {}
  const outputs = outputsOf(address, `http://localhost:${edgePort}`, deployed, kept)
  if ('Platform' in outputs.stacks || chosen.some(({ id }) => id === 'Platform')) await seed(address)
  await writeOutputs(home.outputs, outputs)
  progress.line(`Deployed to ${address.endpoint}; outputs in ${home.outputs}.`)
}
