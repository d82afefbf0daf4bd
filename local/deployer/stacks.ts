/** Creates and updates stacks through CloudFormation, all at once, polling far faster than the CDK CLI's 5 s. */

import { setTimeout as delay } from 'node:timers/promises'
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  type Stack,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation'
import { type CloudAddress, clientFor } from '../aws.ts'
import { Refusal } from '../refusal.ts'
import type { AssembledStack } from './assembly.ts'
import type { AssetStore } from './assets.ts'
import { failedResources, failureReport, isDamaged, isFinished, type StackEvent } from './failure.ts'
import { frozenChanges, type Template } from './template-changes.ts'

/** LocalStack makes most resources within milliseconds; a DescribeStacks costs it about 5 ms. */
const POLL_MS = 120
/** A stack of ours takes seconds. Longer means that LocalStack hangs. */
const STACK_DEADLINE_MS = 120_000
/** CloudFormation's limit of a template that is sent in the request; larger ones go by their asset's URL. */
const TEMPLATE_BODY_LIMIT = 51_200
const RESET_HINT = 'Run `npm run reset` for a fresh cloud with all stacks and the seeded data.'

export type Outcome = 'created' | 'updated' | 'unchanged'

export interface DeployedStack {
  readonly id: string
  readonly outcome: Outcome
  readonly durationMs: number
  readonly outputs: Readonly<Record<string, string>>
}

interface Existing {
  readonly stack: Stack
  readonly events: readonly StackEvent[]
  readonly template: string
}

const outputsOf = (stack: Stack): Record<string, string> =>
  Object.fromEntries((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue ?? '']))

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Refuses what would leave the stack broken: rule: tables change only on a fresh LocalStack, damaged stacks never. */
function refuseUnsafe(stack: AssembledStack, existing: Existing): void {
  const { StackStatus: status = '' } = existing.stack
  if (isDamaged(existing.events) || /ROLLBACK|FAILED/.test(status))
    throw new Refusal(
      'stack_damaged',
      `Stack ${stack.id} is left over from a failed deployment; LocalStack can neither update nor repair it.`,
      RESET_HINT,
    )
  const [change] = frozenChanges(JSON.parse(existing.template) as Template, JSON.parse(stack.template) as Template)
  if (change)
    throw new Refusal(
      'table_change',
      `${change.property} of table ${change.table} (stack ${stack.id}) changed; LocalStack would ignore that without a word.`,
      RESET_HINT,
    )
}

export function stackDeployer(address: CloudAddress, assets: AssetStore) {
  const cloudFormation = new CloudFormationClient(clientFor(address))

  const describe = async (stackName: string): Promise<Stack | undefined> => {
    try {
      return (await cloudFormation.send(new DescribeStacksCommand({ StackName: stackName }))).Stacks?.[0]
    } catch (error) {
      if (/does not exist/.test(messageOf(error))) return undefined
      throw error
    }
  }

  const eventsOf = async (stackName: string): Promise<StackEvent[]> => {
    const events: StackEvent[] = []
    let next: string | undefined
    do {
      const page = await cloudFormation.send(
        new DescribeStackEventsCommand({ StackName: stackName, ...(next && { NextToken: next }) }),
      )
      events.push(...(page.StackEvents ?? []))
      next = page.NextToken
    } while (next)
    return events
  }

  const find = async (stackName: string): Promise<Existing | undefined> => {
    const stack = await describe(stackName)
    if (!stack || stack.StackStatus === 'DELETE_COMPLETE' || stack.StackStatus === 'REVIEW_IN_PROGRESS')
      return undefined
    const [events, { TemplateBody: template = '{}' }] = await Promise.all([
      eventsOf(stackName),
      cloudFormation.send(new GetTemplateCommand({ StackName: stackName, TemplateStage: 'Original' })),
    ])
    return { stack, events, template }
  }

  /** Waits for the end of the operation whose events are not among `before`. */
  const settle = async (stackName: string, before: readonly StackEvent[]) => {
    const known = new Set(before.map(({ EventId }) => EventId))
    const deadline = performance.now() + STACK_DEADLINE_MS
    for (;;) {
      const stack = await describe(stackName)
      if (stack && !stack.StackStatus?.endsWith('_IN_PROGRESS')) {
        const events = (await eventsOf(stackName)).filter(({ EventId }) => !known.has(EventId))
        if (isFinished(events)) return { stack, events }
      }
      if (performance.now() > deadline)
        throw new Refusal(
          'deploy_failed',
          `Stack ${stackName} is still ${stack?.StackStatus ?? 'missing'} after ${STACK_DEADLINE_MS / 1_000} s.`,
          RESET_HINT,
        )
      await delay(POLL_MS)
    }
  }

  const send = async (stack: AssembledStack, update: boolean): Promise<void> => {
    const large = Buffer.byteLength(stack.template) > TEMPLATE_BODY_LIMIT
    const own = stack.assets.find((asset) => asset.path.endsWith('.template.json'))
    const body =
      large && own ? { TemplateURL: `${address.endpoint}/${own.bucket}/${own.key}` } : { TemplateBody: stack.template }
    const input = {
      StackName: stack.stackName,
      Capabilities: ['CAPABILITY_NAMED_IAM' as const, 'CAPABILITY_AUTO_EXPAND' as const],
      ...body,
    }
    await cloudFormation.send(update ? new UpdateStackCommand(input) : new CreateStackCommand(input))
  }

  /** Makes one stack what its template says; throws Refusal `deploy_failed`, `stack_damaged` or `table_change`. */
  return async (stack: AssembledStack): Promise<DeployedStack> => {
    const start = performance.now()
    const done = (outcome: Outcome, deployed: Stack): DeployedStack => ({
      id: stack.id,
      outcome,
      durationMs: performance.now() - start,
      outputs: outputsOf(deployed),
    })
    const existing = await find(stack.stackName)
    if (existing) refuseUnsafe(stack, existing)
    if (existing?.template === stack.template) return done('unchanged', existing.stack)

    const operation = existing ? 'updated' : 'created'
    await assets.upload(stack.assets)
    try {
      await send(stack, existing !== undefined)
    } catch (error) {
      if (existing && /No updates are to be performed/.test(messageOf(error))) return done('unchanged', existing.stack)
      throw new Refusal('deploy_failed', failureReport(stack.id, operation, [], messageOf(error)))
    }
    const settled = await settle(stack.stackName, existing?.events ?? [])
    if (isDamaged(settled.events)) {
      const failed = failedResources(settled.events, stack.paths)
      throw new Refusal(
        'deploy_failed',
        failureReport(stack.id, operation, failed, settled.stack.StackStatusReason),
        `Fix it, then ${RESET_HINT.replace('Run', 'run')}`,
      )
    }
    return done(operation, settled.stack)
  }
}
