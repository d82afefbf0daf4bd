/**
 * `bench/local-cloud`: what the local cloud takes for what everything else is made of (an item, a function, a request of the
 * API), and what it takes when nobody asks. Needs one that runs.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { SECOND } from '../layers/core/clock.ts'
import type { Outputs } from '../local/outputs.ts'
import { portHolder } from '../local/ports.ts'
import { type Row, report, rounded } from './measure.ts'
import { runningCloud } from './running-cloud.ts'

const DEFAULT_SECONDS = 5
/** One: latency without waiting for others. Eight: more than two cores answer at once. */
const CONNECTIONS = [1, 8]
const IDLE_SECONDS = 10
/** Ticks of proc(5): USER_HZ is 100 wherever Node runs. */
const TICK_MS = 10

interface Asked {
  readonly what: string
  readonly request: Omit<autocannon.Options, 'connections' | 'duration'>
}

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: 'string', default: String(DEFAULT_SECONDS) }, json: { type: 'string' } },
  })
  const outputs = await runningCloud('Local cloud')
  if (outputs === undefined) return 0
  const rows: Row[] = []
  for (const asked of requests(outputs))
    for (const connections of CONNECTIONS) rows.push(await load(asked, connections, Number(values.seconds), outputs))
  const before = await processorMs(outputs)
  await sleep(IDLE_SECONDS * SECOND)
  const idle = ((await processorMs(outputs)) - before) / (IDLE_SECONDS * SECOND)
  const notes = [
    `LocalStack’s processor time is its own process’s: functions and the database have theirs. Idle, for ${IDLE_SECONDS} s: ${rounded(idle * 100)} % of a core.`,
  ]
  await report({ name: 'Local cloud', rows, notes }, values.json)
  return 0
}

const requests = ({ edge, endpoint, apiKey, region }: Outputs): readonly Asked[] => [
  {
    what: 'an item: GetItem',
    request: {
      url: endpoint,
      method: 'POST',
      headers: {
        'X-Amz-Target': 'DynamoDB_20120810.GetItem',
        'Content-Type': 'application/x-amz-json-1.0',
        Authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
        'X-Amz-Date': '20260101T000000Z',
      },
      body: JSON.stringify({ TableName: 'backlot-links', Key: { pk: { S: 'BENCH' }, sk: { S: 'BENCH' } } }),
    },
  },
  { what: 'a function: edge, API Gateway, Lambda', request: { url: `${edge.url}/api/links/health` } },
  {
    what: 'a request: the same, key, rate limit, one query',
    request: { url: `${edge.url}/api/links/links?limit=1`, headers: { Authorization: `Bearer ${apiKey}` } },
  },
]

async function load({ what, request }: Asked, connections: number, seconds: number, outputs: Outputs): Promise<Row> {
  // Starts the environments; its figures are dropped.
  await autocannon({ ...request, connections, duration: 1 })
  const before = await processorMs(outputs)
  const result = await autocannon({ ...request, connections, duration: seconds })
  const total = result.requests.total
  if (total === 0 || result.non2xx > 0 || result.errors > 0)
    throw new Error(
      `expected answers for ${what}, got ${result.non2xx} refusals and ${result.errors} errors of ${total}`,
    )
  return {
    what,
    connections,
    'per second': rounded(result.requests.average),
    'p50 (ms)': result.latency.p50,
    'p97.5 (ms)': result.latency.p97_5,
    'LocalStack (ms)': rounded(((await processorMs(outputs)) - before) / total),
  }
}

/** NaN where there is no /proc. */
async function processorMs({ endpoint }: Outputs): Promise<number> {
  const holder = await portHolder(Number(new URL(endpoint).port))
  const stat = await readFile(`/proc/${holder?.pid}/stat`, 'utf8').catch(() => '')
  // utime and stime are fields 14 and 15; the second, the name in brackets, may hold spaces.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * TICK_MS
}
