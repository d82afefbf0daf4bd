/**
 * `bench/auth`: our processor time and AWS calls for one token, what a million cost on AWS, and what hashing a password
 * takes. The engine, the stores and the SDK are real; AWS answers from memory.
 */
import { parseArgs } from 'node:util'
import { systemRandom } from '#core/random.ts'
import { passwords } from '../functions/auth/people/password.ts'
import { type TokenFigures, tokensCpu } from './auth-cpu.ts'
import { median, percentile, type Row, report, rounded, timed } from './measure.ts'

const DEFAULT_TOKENS = 500
const HASHES = 21

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { tokens: { type: 'string', default: String(DEFAULT_TOKENS) }, json: { type: 'string' } },
  })
  const count = Number(values.tokens)
  if (!Number.isInteger(count) || count < 1) throw new Error(`expected --tokens to be 1 or more, got ${values.tokens}`)
  const file = (part: string) => values.json?.replace(/(\.json)?$/, `.${part}.json`)
  const figures = await tokensCpu(count)
  await reportTokens(figures, count, values.json)
  for (const phase of ['client credentials', 'refresh'] as const)
    await reportPrice(phase, figures, file(`price-${phase.replace(' ', '-')}`))
  await reportPasswords(file('passwords'))
  return 0
}

async function reportTokens(figures: readonly TokenFigures[], count: number, json: string | undefined): Promise<void> {
  const rows = figures.map(({ phase, cpuUs, calls, writeUnits, readUnits }) => ({
    token: phase,
    'CPU (µs)': rounded(cpuUs),
    'write units': rounded(writeUnits),
    'read units': rounded(readUnits),
    'AWS calls': [...calls].map(([operation, n]) => `${rounded(n)} ${operation}`).join(', '),
  }))
  const notes = [
    `${count} tokens of each kind, after as many that are not measured. The person is looked up besides: one GetItem for each refresh.`,
  ]
  await report({ name: 'Auth, processor time and calls for a token', rows, notes }, json)
}

/** us-east-1, on demand, November 2026, in dollars for a million. https://aws.amazon.com/pricing/ */
const PRICE = { writeUnit: 0.625, readUnit: 0.125, kmsSign: 15, lambdaRequest: 0.2, gatewayRequest: 3.5 }
/** Dollars for a GB-second on arm64, for a million. */
const GB_SECOND = 13.3334
/** Of the function. */
const MEMORY_GB = 0.5
/** What it waits for KMS and DynamoDB on AWS: some 10 ms for a signature, 5 ms for each of the others, one after the other. */
const WAIT_MS = { Sign: 10, other: 5 }

async function reportPrice(grant: string, figures: readonly TokenFigures[], json: string | undefined): Promise<void> {
  const found = figures.find(({ phase }) => phase.startsWith(grant))
  if (found === undefined) throw new Error(`expected figures of ${grant}`)
  const signatures = found.calls.get('Sign') ?? 0
  const others = [...found.calls.values()].reduce((sum, n) => sum + n, 0) - signatures
  // Lambda gives half a GB about 0.3 of a core (1,769 MB are one).
  const ms = found.cpuUs / 1_000 / (MEMORY_GB / 1.769) + signatures * WAIT_MS.Sign + others * WAIT_MS.other
  const parts = [
    { what: 'KMS: signatures', sum: `${rounded(signatures)} (ES256)`, price: signatures * PRICE.kmsSign },
    {
      what: 'DynamoDB',
      sum: `${rounded(found.writeUnits)} write units + ${rounded(found.readUnits)} read units`,
      price: found.writeUnits * PRICE.writeUnit + found.readUnits * PRICE.readUnit,
    },
    { what: 'API Gateway', sum: '1 request', price: PRICE.gatewayRequest },
    {
      what: 'Lambda',
      sum: `1 request, ${rounded(ms)} ms of ${MEMORY_GB} GB`,
      price: PRICE.lambdaRequest + (ms / 1_000) * MEMORY_GB * GB_SECOND,
    },
  ]
  const rows: Row[] = parts.map(({ what, sum, price }) => ({
    [`for one token by ${grant}`]: what,
    sum,
    '$ per million': rounded(price),
  }))
  const total = parts.reduce((sum, { price }) => sum + price, 0)
  rows.push({ [`for one token by ${grant}`]: 'all', sum: '', '$ per million': rounded(total) })
  const notes = ['us-east-1, on demand; logs and data transfer left out. Waiting is assumed, not measured.']
  await report({ name: `Auth, price of a token by ${grant} on AWS`, rows, notes }, json)
}

async function reportPasswords(json: string | undefined): Promise<void> {
  const hasher = passwords(systemRandom, async () => new Uint8Array(32))
  const [wall, cpu]: [number[], number[]] = [[], []]
  for (let n = 0; n <= HASHES; n += 1) {
    const before = process.cpuUsage()
    const { ms } = await timed(() => hasher.hash('correct horse battery staple'))
    const { user, system } = process.cpuUsage(before)
    if (n === 0) continue
    wall.push(ms)
    cpu.push((user + system) / 1_000)
  }
  const row: Row = {
    password: 'argon2id, 19 MiB, 2 passes, 1 lane',
    'CPU, median (ms)': rounded(median(cpu)),
    'on the clock, median (ms)': rounded(median(wall)),
    'p90 (ms)': rounded(percentile(wall, 0.9)),
  }
  const notes = [`${HASHES} hashes one after the other, after one that is not measured. The function has a whole core.`]
  await report({ name: 'Auth, hashing a password', rows: [row], notes }, json)
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
