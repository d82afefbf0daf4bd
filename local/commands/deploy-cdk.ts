/** Deployment by the CDK CLI: to LocalStack in Docker, and to AWS after its account and region were shown. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { type CloudAddress, environmentFor, LOCAL_REGION } from '../aws.ts'
import { requireAnswer } from '../cloud/cloud.ts'
import { CHECKOUT } from '../home.ts'
import { Refusal } from '../refusal.ts'

/** Where docker-compose.localstack.yml publishes LocalStack. */
const DOCKER_ENDPOINT = 'http://127.0.0.1:4566'
const CDK = join(CHECKOUT, 'node_modules/aws-cdk/bin/cdk')

type Variables = Readonly<Record<string, string | undefined>>

/** Runs the CLI with the terminal's own input and output. Throws Refusal `deploy_failed` when it fails. */
async function cdk(args: readonly string[], environment: Variables): Promise<void> {
  const child = spawn(process.execPath, [CDK, ...args], {
    cwd: CHECKOUT,
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
  if (code !== 0)
    throw new Refusal('deploy_failed', `\`cdk ${args[0]}\` ended with ${code ?? 'a signal'}; its own words are above.`)
}

const stackArguments = (stacks: readonly string[]): readonly string[] => (stacks.length > 0 ? stacks : ['--all'])

/** @throws Refusal `cloud_unreachable` when no LocalStack answers */
export async function deployToDocker(stacks: readonly string[], external: CloudAddress | undefined): Promise<void> {
  const address = external ?? { endpoint: DOCKER_ENDPOINT, region: LOCAL_REGION }
  await requireAnswer(address.endpoint)
  const environment = { ...environmentFor(address), BACKLOT_ENV: 'localstack' }
  await cdk(['bootstrap'], environment)
  await cdk(['deploy', ...stackArguments(stacks), '--require-approval', 'never'], environment)
}

/** Account and region that the caller's credentials stand for. Throws Refusal `no_credentials`. */
async function callerOf(): Promise<{ account: string; region: string }> {
  const client = new STSClient({})
  try {
    const [{ Account: account = '?' }, region] = await Promise.all([
      client.send(new GetCallerIdentityCommand({})),
      client.config.region(),
    ])
    return { account, region }
  } catch (error) {
    throw new Refusal(
      'no_credentials',
      `AWS does not know who you are: ${(error as Error).message}`,
      'Set AWS_PROFILE and AWS_REGION, or sign in with `aws sso login`.',
      { cause: error },
    )
  }
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim())
  } finally {
    terminal.close()
  }
}

/** @throws Refusal `endpoint_set`, `no_credentials`, `not_confirmed` or `deploy_failed` */
export async function deployToAws(environment: 'dev' | 'prod', stacks: readonly string[], yes: boolean): Promise<void> {
  const endpoint = process.env['AWS_ENDPOINT_URL']
  if (endpoint)
    throw new Refusal(
      'endpoint_set',
      `expected AWS itself for --env ${environment}, but AWS_ENDPOINT_URL is ${endpoint}.`,
      'Unset it.',
    )
  const { account, region } = await callerOf()
  console.log(`Environment ${environment}: account ${account}, region ${region}, ${stacks.join(', ') || 'all stacks'}.`)
  if (!yes) {
    if (!process.stdin.isTTY)
      throw new Refusal(
        'not_confirmed',
        'expected a terminal to ask whether that is right.',
        'Pass --yes to deploy without asking.',
      )
    if (!(await ask('Deploy there? (y/N) '))) throw new Refusal('not_confirmed', 'Nothing was deployed.')
  }
  await cdk(['deploy', ...stackArguments(stacks)], { BACKLOT_ENV: environment })
}
