/** The environment variables that functions get when a benchmark runs them without a cloud. */
import { globSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../infra/sources.ts'

/** No benchmark connects to it: connections are faked, or nothing is called before the handler is ready. */
const NOWHERE = 'http://127.0.0.1:9'

interface Definition {
  readonly names: readonly string[]
}

const isDefinition = (value: unknown): value is Definition =>
  typeof value === 'object' && value !== null && 'names' in value && Array.isArray(value.names)

/** Every variable that any function declares, with a value of the right shape, and those that Lambda sets. */
export async function functionEnvironment(): Promise<Record<string, string>> {
  const files = globSync('functions/*/environment.ts', { cwd: ROOT }).sort()
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(path.join(ROOT, file)).href) as Promise<Record<string, unknown>>),
  )
  const names = modules.flatMap((module) => Object.values(module).filter(isDefinition)).flatMap((found) => found.names)
  return {
    ...Object.fromEntries(names.map((name) => [name, valueFor(name)])),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: NOWHERE,
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  }
}

function valueFor(name: string): string {
  if (name.endsWith('_ORIGIN')) return 'http://localhost:4000'
  if (name.endsWith('_URL')) return `${NOWHERE}/000000000000/backlot-links-clicks`
  return 'backlot-bench'
}
