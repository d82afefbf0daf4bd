/** Acknowledged findings of the policy checks (cdk-nag): each beside the construct that it is about, with a reason. */
import { type App, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** `id` names one finding, as the check reports it: `AwsSolutions-IAM5[Resource::*]`. */
export const acknowledge = (construct: IConstruct, id: string, reason: string): void =>
  Validations.of(construct).acknowledge({ id, reason })

/**
 * Lets the synth fail on any finding that is not acknowledged. Loaded only when asked for: the checks cost about a
 * second, and a deploy of what `npm run check` has seen needs none.
 */
export async function addPolicyChecks(app: App): Promise<void> {
  const { AwsSolutionsChecks } = await import('cdk-nag')
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }))
}
