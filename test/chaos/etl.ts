/**
 * ETL's hardest race and fault, on a deployed local cloud:
 * 1. the same file lands ten times at once under ten names, five of them also announced twice: one run, published once
 * 2. a worker is killed while it converts: its successor ends in the very manifest that an undisturbed run ends in
 * 3. ten different files land at once in one dataset: all are published, in ten manifests, none lost
 * Kills only processes of this cloud's own convert function, by their id.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetExecutionHistoryCommand, SFNClient } from '@aws-sdk/client-sfn'
import type { Manifest } from '../../functions/etl/catalog/manifest.ts'
import { isSettled, type RunStatus } from '../../functions/etl/runs/run.ts'
import { clientFor } from '../../local/aws.ts'
import type { Outputs } from '../../local/outputs.ts'
import { patientFetch } from './patient-fetch.ts'

export interface ChaosOptions {
  readonly outputs: Outputs
  /** How often everything is done. */
  readonly times: number
}

const LANDINGS = 10
/** Converting them takes a second or so: long enough to be killed in between. */
const ROWS = 200_000
const DEADLINE_MS = 120_000

interface Run {
  readonly id: string
  readonly status: RunStatus
  readonly attempt: number
  readonly manifestVersion: number | null
  readonly counts: { readonly recordsIn: number; readonly good: number; readonly quarantined: number } | null
}

/** @throws what was expected and what came, at the first difference */
export async function run({ outputs, times }: ChaosOptions): Promise<void> {
  const cloud = cloudOf(outputs)
  for (let turn = 1; turn <= times; turn += 1) {
    await landTenTimes(cloud)
    await killWorker(cloud)
    await landTogether(cloud)
    console.log(`etl: ${turn} of ${times}`)
  }
}

type Cloud = ReturnType<typeof cloudOf>

function cloudOf(outputs: Outputs) {
  const s3 = new S3Client({ ...clientFor(outputs), forcePathStyle: true })
  const lambda = new LambdaClient(clientFor(outputs))
  const states = new SFNClient(clientFor(outputs))
  const buckets = outputs.stacks['Etl'] ?? {}
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await patientFetch(`${outputs.edge.url}/api/etl/${path}`, {
      method,
      headers: { Authorization: `Bearer ${outputs.apiKey}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    if (!answer.ok)
      throw new Error(`expected ${method} ${path} to succeed, got ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  return {
    call,
    endpoint: outputs.endpoint,
    async declare(): Promise<string> {
      const name = `chaos_${createHash('sha256').update(crypto.randomUUID()).digest('hex').slice(0, 12)}`
      const columns = [
        { name: 'id', type: 'integer', required: true },
        { name: 'day', type: 'date' },
        { name: 'note', type: 'string' },
      ]
      const partitions = [{ column: 'day' }]
      await call('POST', 'datasets', { name, format: { type: 'csv' }, columns, partitions })
      return name
    },
    land: (dataset: string, name: string, Body: string) =>
      s3.send(
        new PutObjectCommand({
          Bucket: buckets['LandingBucket'],
          Key: `${outputs.workspace.id}/${dataset}/${name}`,
          Body,
        }),
      ),
    /** Steps of the run's execution whose process ended under them. */
    async deaths(of: Run | undefined): Promise<number> {
      if (of === undefined) return 0
      const arn = `arn:aws:states:${outputs.region}:000000000000:execution:backlot-etl-runs:${of.id}-${of.attempt}`
      const { events = [] } = await states.send(new GetExecutionHistoryCommand({ executionArn: arn }))
      return events.filter(({ taskFailedEventDetails, lambdaFunctionFailedEventDetails }) =>
        /ExitError/.test(`${taskFailedEventDetails?.error} ${lambdaFunctionFailedEventDetails?.error}`),
      ).length
    },
    /** What EventBridge would send once more. */
    announce: (dataset: string, name: string, body: string) =>
      lambda.send(
        new InvokeCommand({
          FunctionName: 'backlot-etl-start-run',
          Payload: JSON.stringify(
            landedEvent(buckets['LandingBucket'] ?? '', `${outputs.workspace.id}/${dataset}/${name}`, body),
          ),
        }),
      ),
    runs: async (dataset: string) => (await call<{ items: Run[] }>('GET', `runs?dataset=${dataset}&limit=100`)).items,
    count: async (dataset: string) =>
      Number(
        (await call<{ rows: string[][] }>('POST', 'query', { sql: `SELECT count(*) FROM ${dataset}` })).rows[0]?.[0],
      ),
    async manifests(dataset: string): Promise<readonly Manifest[]> {
      const Prefix = `${outputs.workspace.id}/${dataset}/manifests/`
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: buckets['LakeBucket'], Prefix }))
      const texts = await Promise.all(
        Contents.map(async ({ Key }) =>
          (await s3.send(new GetObjectCommand({ Bucket: buckets['LakeBucket'], Key }))).Body?.transformToString(),
        ),
      )
      return texts.map((text) => JSON.parse(text ?? '') as Manifest)
    },
  }
}

const landedEvent = (bucket: string, key: string, body: string) => ({
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: {
    bucket: { name: bucket },
    object: { key, size: Buffer.byteLength(body), etag: createHash('md5').update(body).digest('hex') },
  },
})

async function until<T>(what: string, look: () => Promise<T>, isRight: (seen: T) => boolean): Promise<T> {
  const end = performance.now() + DEADLINE_MS
  for (;;) {
    const seen = await look()
    if (isRight(seen)) return seen
    if (performance.now() > end) throw new Error(`expected ${what}, got ${JSON.stringify(seen)}`)
    await sleep(100)
  }
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`expected ${what} ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`)
}

const settledRuns = (cloud: Cloud, dataset: string, count: number): Promise<Run[]> =>
  until(
    `${count} settled runs`,
    () => cloud.runs(dataset),
    (runs) => runs.length >= count && runs.every(({ status }) => isSettled(status)),
  )

const fileOf = (rows: number, note: string): string =>
  `id,day,note\n${Array.from({ length: rows }, (_, id) => `${id},2026-01-0${(id % 5) + 1},${note} ${id}`).join('\n')}\nbad,,\n`

async function landTenTimes(cloud: Cloud): Promise<void> {
  const dataset = await cloud.declare()
  const file = fileOf(1_000, crypto.randomUUID())
  const names = Array.from({ length: LANDINGS }, (_, index) => `${index}.csv`)
  await Promise.all(names.map((name) => cloud.land(dataset, name, file)))
  await Promise.all(names.slice(0, LANDINGS / 2).map((name) => cloud.announce(dataset, name, file)))
  const [one, ...others] = await settledRuns(cloud, dataset, 1)
  expectEqual('runs beside the first', others.length, 0)
  expectEqual('the run', [one?.status, one?.attempt, one?.manifestVersion], ['published', 1, 1])
  expectEqual('its counts', [one?.counts?.recordsIn, one?.counts?.good, one?.counts?.quarantined], [1_001, 1_000, 1])
  expectEqual('rows', await cloud.count(dataset), 1_000)
  expectEqual('manifests', (await cloud.manifests(dataset)).length, 1)
}

/** Everything of a manifest but the names of the run and its dataset: its files, byte for byte. */
const contentOf = ({ version, previous, files }: Manifest) => ({
  version,
  previous,
  files: files.map(({ part, rows, bytes, sha256, since, columns }) => ({ part, rows, bytes, sha256, since, columns })),
})

async function killWorker(cloud: Cloud): Promise<void> {
  const file = fileOf(ROWS, crypto.randomUUID())
  const [calm, killed] = [await cloud.declare(), await cloud.declare()]
  await cloud.land(calm, 'a.csv', file)
  await settledRuns(cloud, calm, 1)
  await cloud.land(killed, 'a.csv', file)
  await until(
    'the run to begin',
    () => cloud.runs(killed),
    ([one]) => one?.status === 'running',
  )
  await until(
    'a worker to die while it converts',
    async () => {
      await killConverters(cloud)
      return cloud.deaths((await cloud.runs(killed))[0])
    },
    (deaths) => deaths > 0,
  )
  const [run] = await settledRuns(cloud, killed, 1)
  expectEqual('the run after the kill', [run?.status, run?.manifestVersion], ['published', 1])
  expectEqual('rows after the kill', await cloud.count(killed), ROWS)
  const [undisturbed, resumed] = [await cloud.manifests(calm), await cloud.manifests(killed)]
  expectEqual('the manifest after the kill', resumed.map(contentOf), undisturbed.map(contentOf))
}

/** SIGKILL, as when the machine under a function goes away. Linux only: a process is known by its environment. */
async function killConverters({ endpoint }: Cloud): Promise<void> {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const environment = environmentOf(pid)
    if (environment.get('AWS_LAMBDA_FUNCTION_NAME') !== 'backlot-etl-convert') continue
    if (new URL(environment.get('AWS_ENDPOINT_URL') ?? 'http://none').port !== new URL(endpoint).port) continue
    process.kill(Number(pid), 'SIGKILL')
  }
}

function environmentOf(pid: string): ReadonlyMap<string, string> {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]))
  } catch {
    return new Map()
  }
}

async function landTogether(cloud: Cloud): Promise<void> {
  const dataset = await cloud.declare()
  const files = Array.from({ length: LANDINGS }, () => fileOf(100, crypto.randomUUID()))
  await Promise.all(files.map((file, index) => cloud.land(dataset, `${index}.csv`, file)))
  const runs = await settledRuns(cloud, dataset, LANDINGS)
  expectEqual('statuses', [...new Set(runs.map(({ status }) => status))], ['published'])
  const versions = runs.map(({ manifestVersion }) => manifestVersion ?? 0).sort((a, b) => a - b)
  expectEqual(
    'versions',
    versions,
    Array.from({ length: LANDINGS }, (_, index) => index + 1),
  )
  expectEqual('rows', await cloud.count(dataset), LANDINGS * 100)
}
