/** The variables by which a user moves a local cloud, read and checked once. */
import { type CloudAddress, LOCAL_REGION } from './aws.ts'
import { type Home, homeOf } from './home.ts'
import { Refusal } from './refusal.ts'

export const DEFAULT_EDGE_PORT = 4000
/** LocalStack's own. */
export const DEFAULT_CLOUD_PORT = 4566
const HIGHEST_PORT = 65_535
/**
 * Browsers and Node's fetch connect to none of these: https://fetch.spec.whatwg.org/#port-blocking. Those below 1024, which
 * a user may not listen on anyway, are left out.
 */
const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  ...[
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
  ],
])

export interface Settings {
  readonly home: Home
  readonly edgePort: number
  readonly cloudPort: number
  /** From AWS_ENDPOINT_URL: a cloud that runs already. */
  readonly external: CloudAddress | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

function portOf(variables: Variables, name: string, fallback: number): number {
  const text = variables[name]
  if (!text) return fallback
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT)
    throw new Refusal('invalid_setting', `expected ${name} to be a port from 1 to ${HIGHEST_PORT}, got ${text}`)
  if (BLOCKED_PORTS.has(port))
    throw new Refusal('invalid_setting', `expected ${name} to be a port that browsers connect to, got ${text}`)
  return port
}

function externalOf(variables: Variables): CloudAddress | undefined {
  const endpoint = variables['AWS_ENDPOINT_URL']
  if (!endpoint) return undefined
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw new Refusal('invalid_setting', `expected AWS_ENDPOINT_URL to be an http URL, got ${endpoint}`)
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    region: variables['AWS_REGION'] || variables['AWS_DEFAULT_REGION'] || LOCAL_REGION,
  }
}

/** @throws Refusal `invalid_setting` with the name of the variable and its value. */
export const readSettings = (variables: Variables = process.env): Settings => ({
  home: homeOf(variables),
  edgePort: portOf(variables, 'BACKLOT_PORT', DEFAULT_EDGE_PORT),
  cloudPort: portOf(variables, 'BACKLOT_CLOUD_PORT', DEFAULT_CLOUD_PORT),
  external: externalOf(variables),
})
