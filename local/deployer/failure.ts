/**
 * What went wrong in a stack operation, out of CloudFormation's events: the resources that failed by themselves, not
 * those that were cancelled because of them. Pure.
 */
export interface StackEvent {
  readonly EventId?: string | undefined
  readonly StackName?: string | undefined
  readonly LogicalResourceId?: string | undefined
  readonly ResourceType?: string | undefined
  readonly ResourceStatus?: string | undefined
  readonly ResourceStatusReason?: string | undefined
}

export interface FailedResource {
  /** The construct path where it is known, else the logical id. */
  readonly resource: string
  readonly type: string
  readonly reason: string
}

const STACK = 'AWS::CloudFormation::Stack'
/** A reason longer than this is a wall of text; its beginning says what is wrong. */
const REASON_LIMIT = 400
/** What CloudFormation and LocalStack write before the service's own words. */
const PREAMBLE = /^(Resource provider operation failed: |Resource handler returned message: )/
const CANCELLED = /^Resource (creation|update) cancelled/i

const isStackEvent = (event: StackEvent): boolean => event.ResourceType === STACK

/** Has this stack ever been rolled back or failed? LocalStack then reports a healthy status, but resources are gone. */
export const isDamaged = (events: readonly StackEvent[]): boolean =>
  events.some((event) => isStackEvent(event) && /ROLLBACK|FAILED/.test(event.ResourceStatus ?? ''))

/** Did the operation that these events belong to come to its end? */
export const isFinished = (events: readonly StackEvent[]): boolean =>
  events.some((event) => isStackEvent(event) && /_(COMPLETE|FAILED)$/.test(event.ResourceStatus ?? ''))

const shorten = (reason: string): string =>
  reason.length <= REASON_LIMIT ? reason : `${reason.slice(0, REASON_LIMIT)}…`

/** The resources whose failure made the operation fail, in the order in which they failed. */
export function failedResources(
  events: readonly StackEvent[],
  paths: ReadonlyMap<string, string>,
): readonly FailedResource[] {
  const failed = events
    .filter((event) => !isStackEvent(event) && event.ResourceStatus?.endsWith('_FAILED'))
    .filter((event) => !CANCELLED.test(event.ResourceStatusReason ?? ''))
    .toReversed()
  const byId = new Map(failed.map((event) => [event.LogicalResourceId ?? '?', event]))
  return [...byId].map(([id, event]) => ({
    resource: paths.get(id) ?? id,
    type: event.ResourceType ?? 'unknown type',
    reason: shorten((event.ResourceStatusReason ?? 'no reason given').replace(PREAMBLE, '').replaceAll(/\s+/g, ' ')),
  }))
}

/** A few lines for a person. `operation` is `created` or `updated`. */
export function failureReport(
  stack: string,
  operation: 'created' | 'updated',
  failed: readonly FailedResource[],
  reason?: string,
): string {
  const lines = failed.map((it) => `  ${it.resource} (${it.type})\n    ${it.reason}`)
  if (lines.length === 0)
    lines.push(`  ${shorten(reason ?? 'CloudFormation names no resource; see the log of LocalStack')}`)
  return [`Stack ${stack} could not be ${operation}:`, ...lines].join('\n')
}
