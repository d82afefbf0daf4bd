/** `npm run invoke -- links/redirect events/links/redirect.get.json`: a deployed function gets an event directly. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { nameIn } from '../../infra/environments.ts'
import { listFunctions } from '../../infra/sources.ts'
import { clientFor } from '../aws.ts'
import { requireOutputs } from '../cloud/running.ts'
import { functionOf, listFixtures, readFixture } from '../events/fixture.ts'
import { nearest } from '../names.ts'
import type { Outputs } from '../outputs.ts'
import { Refusal } from '../refusal.ts'
import type { Settings } from '../settings.ts'

const knownFunctions = (): readonly string[] => listFunctions().map(({ service, name }) => `${service}/${name}`)

/** What there is to invoke, with the fixtures of each function. */
export function overview(functions = knownFunctions(), fixtures = listFixtures()): string {
  const rows = functions.flatMap((name) => {
    const own = fixtures.filter((fixture) => functionOf(fixture) === name)
    return [`  ${name}`, ...own.map((fixture) => `      ${fixture}`)]
  })
  return ['Usage: npm run invoke -- <function> <fixture>', '', ...rows].join('\n')
}

export interface Invocation {
  readonly failed: boolean
  readonly result: unknown
  /** The lines that the function wrote, without Lambda's own START, END and REPORT. */
  readonly log: readonly string[]
  readonly durationMs: number
}

async function call(functionName: string, event: unknown, outputs: Outputs): Promise<Invocation> {
  const lambda = new LambdaClient(clientFor(outputs))
  const began = performance.now()
  const { Payload, LogResult, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event), LogType: 'Tail' }),
  )
  const text = Buffer.from(Payload ?? []).toString('utf8')
  return {
    failed: FunctionError !== undefined,
    result: text ? (JSON.parse(text) as unknown) : undefined,
    log: Buffer.from(LogResult ?? '', 'base64')
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '' && !/^(START|END|REPORT) RequestId:/.test(line)),
    durationMs: performance.now() - began,
  }
}

/** A JSON body is shown as JSON, not as a string full of backslashes. */
function readable(result: unknown): string {
  const { body } = (result ?? {}) as { body?: unknown }
  if (typeof body === 'string' && /^[[{]/.test(body)) {
    try {
      return JSON.stringify({ ...(result as object), body: JSON.parse(body) as unknown }, null, 2)
    } catch {
      // Only looks like JSON.
    }
  }
  return JSON.stringify(result, null, 2)
}

/** Pure. */
export function invocationReport(name: string, { failed, result, log, durationMs }: Invocation): string {
  const lines = log.map((line) => `  ${line}`)
  return [
    `${failed ? '✗' : '✓'} ${name} ${failed ? 'failed' : 'answered'} in ${Math.round(durationMs)} ms`,
    readable(result),
    ...(lines.length > 0 ? ['', 'Log:', ...lines] : []),
  ].join('\n')
}

/** @returns the exit code: 1 when the function failed. */
export async function invoke(args: readonly string[], settings: Settings): Promise<number> {
  const [name, path] = args
  const functions = knownFunctions()
  if (!name || !path) {
    console.log(overview(name ? functions.filter((it) => it.includes(name)) : functions))
    return name ? 1 : 0
  }
  const known = listFunctions().find((it) => `${it.service}/${it.name}` === name)
  if (!known)
    throw new Refusal(
      'unknown_function',
      `There is no function ${name}.`,
      `Did you mean ${nearest(name, functions).join(', ')}?`,
    )
  const { event } = await readFixture(path)
  const outputs = await requireOutputs(settings)
  const invocation = await call(nameIn({ prefix: 'backlot' }, known.service, known.name), event, outputs)
  console.log(invocationReport(name, invocation))
  return invocation.failed ? 1 : 0
}
