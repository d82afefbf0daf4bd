/** `npm run status`: what runs, since when, how it is, and where. */
import { type CloudStatus, cloudStatus } from '../cloud/control.ts'
import type { Home } from '../home.ts'
import { elapsed } from '../progress.ts'
import type { Settings } from '../settings.ts'

/** A healthy part answers within milliseconds. */
const PROBE_DEADLINE_MS = 2_000

async function probe(url: string): Promise<string> {
  const began = performance.now()
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(PROBE_DEADLINE_MS), redirect: 'manual' })
    return status < 500 ? `answers in ${Math.round(performance.now() - began)} ms` : `answers ${status}`
  } catch (error) {
    return `does not answer (${(error as Error).name === 'TimeoutError' ? 'timeout' : 'no connection'})`
  }
}

const row = (name: string, ...values: string[]) => `  ${name.padEnd(12)} ${values.join('  ')}`

export interface Health {
  readonly edge: string
  readonly localStack: string
}

/** Pure. */
export function describeStatus(status: CloudStatus, health: Health, home: Home, now: Date): string {
  const since = new Date(status.startedAt)
  const where = status.background ? 'in the background' : 'in a terminal (npm start)'
  const { lastDeployment } = status
  return [
    `The local cloud is ${status.state}, ${where}, process ${status.pid}, for ${elapsed(now.getTime() - since.getTime())}.`,
    row('Edge', status.edgeUrl, health.edge),
    row(status.ownLocalStack ? 'LocalStack' : 'AWS endpoint', status.endpoint, health.localStack),
    row('Deployed', lastDeployment ? `${lastDeployment.at}  ${lastDeployment.stacks.join(', ')}` : 'nothing yet'),
    ...(status.hotReload ? [row('Watching', 'a saved function is live at once')] : []),
    row('Outputs', home.outputs),
    row('Logs', home.logs),
  ].join('\n')
}

export async function status({ home }: Settings): Promise<void> {
  const running = await cloudStatus(home)
  if (!running) {
    console.log('No local cloud runs in this checkout. `npm start` starts one; `npm run up` does so in the background.')
    return
  }
  const [edge, localStack] = await Promise.all([
    probe(`${running.edgeUrl}/api/links/health`),
    probe(`${running.endpoint}/_localstack/health`),
  ])
  console.log(describeStatus(running, { edge, localStack }, home, new Date()))
}
