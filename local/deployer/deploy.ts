/** Deploys the CDK app to a LocalStack without the CDK CLI: synthesise, upload, all stacks at once. */
import { join } from 'node:path'
import type { CloudAddress } from '../aws.ts'
import { CHECKOUT, CHECKOUT_STATE, type Home } from '../home.ts'
import { elapsed, type Progress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import type { AssembledStack } from './assembly.ts'
import { ASSET_BUCKET, assetStore, packAsset, pruneCache } from './assets.ts'
import { type DeployedStack, stackDeployer } from './stacks.ts'
import { synthesise } from './synth.ts'

const CACHE = join(CHECKOUT_STATE, 'assets')

export interface LocalSynthOptions {
  readonly home: Home
  readonly edgePort: number
  readonly hotReload: boolean
  readonly signal?: AbortSignal | undefined
}

/** The stacks of the environment `local`, with their zips made. Needs no running cloud. */
export async function synthesiseLocal({
  home,
  edgePort,
  hotReload,
  signal,
}: LocalSynthOptions): Promise<AssembledStack[]> {
  const stacks = await synthesise({
    root: CHECKOUT,
    outdir: join(home.root, 'cdk.out'),
    context: { env: 'local', 'backlot:assets': ASSET_BUCKET, ...(hotReload && { 'backlot:hotReload': true }) },
    environment: { BACKLOT_PORT: String(edgePort), BACKLOT_ENV: 'local' },
    signal,
    // Hot-reloaded code is in the bundles' own folders, which somebody may have removed.
    reuse: !hotReload,
  })
  const assets = new Map(stacks.flatMap((stack) => stack.assets.map((asset) => [asset.hash, asset])))
  await Promise.all([...assets.values()].map((asset) => packAsset(asset, CACHE)))
  await pruneCache(CACHE, new Date())
  return stacks
}

/** Those of `stacks` that `names` names, in any case; all without names. Throws Refusal `unknown_stack`. */
export function selectStacks(stacks: readonly AssembledStack[], names: readonly string[]): AssembledStack[] {
  const known = stacks.map(({ id }) => id).join(', ')
  const wanted = names.map((name) => {
    const stack = stacks.find(({ id, stackName }) => [id.toLowerCase(), stackName].includes(name.toLowerCase()))
    if (!stack) throw new Refusal('unknown_stack', `expected one of the stacks ${known}; got ${name}`)
    return stack
  })
  return wanted.length > 0 ? wanted : [...stacks]
}

/** What every service and the seed need: the bus, the access table, the keys. */
const ALWAYS = 'Platform'

/** `selectStacks` with all that the chosen ones can't be without, in the order of `stacks`. */
export function selectWithNeeded(stacks: readonly AssembledStack[], names: readonly string[]): AssembledStack[] {
  const wanted = new Set([ALWAYS, ...selectStacks(stacks, names).map(({ id }) => id)])
  for (const id of wanted)
    for (const needed of stacks.find((stack) => stack.id === id)?.dependencies ?? []) wanted.add(needed)
  return stacks.filter(({ id }) => wanted.has(id))
}

function reportFailures(failures: readonly PromiseRejectedResult[]): void {
  const reasons = failures.map(({ reason }) => reason as unknown)
  const unexpected = reasons.find((reason) => !(reason instanceof Refusal))
  if (unexpected instanceof Error) throw unexpected
  const refusals = reasons.filter((reason) => reason instanceof Refusal)
  const [first] = refusals
  if (first) throw new Refusal(first.code, refusals.map(({ message }) => message).join('\n'), first.hint)
}

/**
 * Deploys all given stacks at once; a stack waits only for those that it depends on. When some fail, the others are
 * still brought to their end, then one Refusal tells all failures.
 */
export async function deployStacks(
  stacks: readonly AssembledStack[],
  address: CloudAddress,
  onDeployed: (stack: DeployedStack) => void = () => {},
): Promise<DeployedStack[]> {
  const deploy = stackDeployer(address, assetStore(address, CACHE))
  const running = new Map<string, Promise<DeployedStack>>()
  const launch = (stack: AssembledStack): Promise<DeployedStack> => {
    const before = stacks.filter(({ id }) => stack.dependencies.includes(id))
    const deployment = running.get(stack.id) ?? Promise.all(before.map(launch)).then(() => deploy(stack))
    running.set(stack.id, deployment)
    return deployment
  }
  const settled = await Promise.allSettled(
    stacks.map(async (stack) => {
      const deployed = await launch(stack)
      onDeployed(deployed)
      return deployed
    }),
  )
  reportFailures(settled.filter((result) => result.status === 'rejected'))
  return settled.filter((result) => result.status === 'fulfilled').map(({ value }) => value)
}

/** `deployStacks` as one step that names the stacks as they are done. */
export const deployWithProgress = (
  stacks: readonly AssembledStack[],
  address: CloudAddress,
  progress: Progress,
): Promise<DeployedStack[]> =>
  progress.step(`Deploy ${stacks.map(({ id }) => id).join(', ')}`, (update) => {
    const done: string[] = []
    return deployStacks(stacks, address, ({ id, outcome, durationMs }) => {
      done.push(id)
      update(`${done.length} of ${stacks.length}`)
      progress.line(`  ${id} ${outcome === 'unchanged' ? 'no changes' : outcome} ${elapsed(durationMs)}`)
    })
  })
