import { type App, type CfnResource, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { IConstruct } from 'constructs'
import { describe, expect, it } from 'vitest'
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts'
import { backlot } from './backlot.ts'

/** `finding path` for every finding that nobody acknowledged. */
const findings = (pack: AwsSolutionsChecks, app: App): string[] =>
  pack
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    )

/** The same checks, deaf to acknowledgements. */
class EveryFinding extends AwsSolutionsChecks {
  constructor() {
    super()
    Object.assign(this, { isAcknowledged: (_resource: CfnResource, _rule: string) => false })
  }
}

const acknowledged = (construct: IConstruct): { path: string; id: string; reason: string }[] => [
  ...construct.node.metadata
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .map(([id, reason]) => ({ path: construct.node.path, id: id.replace(/^annotation::/i, ''), reason })),
  ...construct.node.children.flatMap(acknowledged),
]

describe.each(ENVIRONMENT_NAMES)('the policy checks of %s', (name) => {
  it('find nothing that is not acknowledged', async () => {
    const { app } = await backlot(name)
    expect(findings(new AwsSolutionsChecks(), app)).toEqual([])
  })

  it('would find everything that is acknowledged: no acknowledgement is stale or without a reason', async () => {
    const { app } = await backlot(name)
    const all = findings(new EveryFinding(), app)
    const stale = acknowledged(app).filter(
      ({ path, id, reason }) => reason.length < 20 || !all.some((finding) => finding.startsWith(`${id} ${path}/`)),
    )
    expect(stale).toEqual([])
  })
})
