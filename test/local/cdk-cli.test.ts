/**
 * The CDK CLI itself, with nothing but AWS_ENDPOINT_URL and test credentials, against a LocalStack of its own: bootstrap,
 * deploy, update in place with the data kept, hotswap, destroy. The CLI polls every 5 s, so there is one run of each.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientFor, environmentFor, LOCAL_REGION } from '../../local/aws.ts'
import { type LocalStack, startLocalStack } from '../../local/cloud/localstack.ts'
import { CHECKOUT, homeAt } from '../../local/home.ts'
import { reachableOutputs } from '../../local/outputs.ts'
import { freePort } from '../../local/ports.ts'
import { DEMO_API_KEY, seed } from '../../local/seed.ts'

const CDK = join(CHECKOUT, 'node_modules/aws-cdk/bin/cdk')
const TIMEOUT_MS = 600_000

let folder: string
let localStack: LocalStack
const address = () => ({ endpoint: localStack.endpoint, region: LOCAL_REGION })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-cdk-'))
  localStack = await startLocalStack({ home: homeAt(folder), port: await freePort() })
}, TIMEOUT_MS)
afterAll(async () => {
  await localStack.stop()
  await rm(folder, { recursive: true, force: true })
})

/** `BACKLOT_PORT` is part of the functions' environment: another one is a change that can be seen. */
type PublicPort = 4001 | 4002 | 4003

/** Where `cdk synth` leaves the app of this public port. */
const assemblyOf = (publicPort: PublicPort): string => join(folder, `app-${publicPort}`)

async function cdk(publicPort: PublicPort, ...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [CDK, ...args], {
    cwd: CHECKOUT,
    env: {
      ...process.env,
      ...environmentFor(address()),
      BACKLOT_PORT: String(publicPort),
      BACKLOT_ENV: undefined,
      CI: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const text = Buffer.concat(chunks).toString()
  expect(code, text).toBe(0)
  return text
}

const synth = (publicPort: PublicPort) => cdk(publicPort, 'synth', '--quiet', '--output', assemblyOf(publicPort))

/** Of what was synthesised: with an app to run, the CLI would synthesise all stacks once more for each command. */
const deploy = (publicPort: PublicPort, ...options: readonly string[]) =>
  cdk(publicPort, 'deploy', 'Links', '--app', assemblyOf(publicPort), '--require-approval', 'never', ...options)

async function linksUrl(): Promise<string> {
  const { Stacks: [stack] = [] } = await new CloudFormationClient(clientFor(address())).send(
    new DescribeStacksCommand({ StackName: 'backlot-links' }),
  )
  const outputs = (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])
  return reachableOutputs(Object.fromEntries(outputs), localStack.endpoint)['ApiUrl'] ?? ''
}

async function call(path: string, body?: object): Promise<{ readonly id: string; readonly shortUrl: string }> {
  const answer = await fetch(`${await linksUrl()}/api/links/links${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${DEMO_API_KEY}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  expect(answer.ok, `${answer.status}`).toBe(true)
  return (await answer.json()) as { id: string; shortUrl: string }
}

const publicOrigin = async (): Promise<string | undefined> =>
  (
    await new LambdaClient(clientFor(address())).send(
      new GetFunctionConfigurationCommand({ FunctionName: 'backlot-links-api' }),
    )
  ).Environment?.Variables?.['PUBLIC_ORIGIN']

/** One story, because each chapter needs the one before. */
test('bootstrap, deploy, update with the data kept, hotswap, destroy', { timeout: TIMEOUT_MS }, async () => {
  await Promise.all([cdk(4001, 'bootstrap', `aws://000000000000/${LOCAL_REGION}`), synth(4001)])
  // The CLI waits most of a deployment.
  await Promise.all([deploy(4001), synth(4002).then(() => synth(4003))])
  await seed(address())
  const { id, shortUrl } = await call('', { url: 'https://example.com/', slug: 'kept' })
  expect(shortUrl).toBe('http://localhost:4001/kept')

  await deploy(4002, '--exclusively')
  expect(await call(`/${id}`)).toMatchObject({ id, shortUrl: 'http://localhost:4002/kept' })

  expect(await deploy(4003, '--exclusively', '--hotswap')).toMatch(/hotswapped/)
  expect(await publicOrigin()).toBe('http://localhost:4003')
  expect(await call(`/${id}`)).toMatchObject({ id, shortUrl: 'http://localhost:4003/kept' })

  await cdk(4003, 'destroy', 'Links', 'Platform', '--app', assemblyOf(4003), '--exclusively', '--force')
  const { TableNames } = await new DynamoDBClient(clientFor(address())).send(new ListTablesCommand({}))
  expect(TableNames).toEqual([])
})
