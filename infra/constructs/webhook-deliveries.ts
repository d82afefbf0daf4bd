/** What the payments service lets the runners of tasks do, by the names of the convention: no reference between stacks. */
import { Grant } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { nameIn } from '../environments.ts'
import { grantKitSecret } from './platform-access.ts'
import type { ServiceFunctionTarget } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** By key only; a try is recorded with its delivery and its endpoint in one transaction. */
const ACTIONS = ['GetItem', 'PutItem'] as const

/** May read and record deliveries and open the secrets they are signed with; sets `table` and `secret`. */
export function grantWebhookDelivery<Name extends string>(
  fn: ServiceFunctionTarget<Name> & Construct,
  { table, secret }: { readonly table: NoInfer<Name>; readonly secret: NoInfer<Name> },
): void {
  const stack = ServiceStack.of(fn)
  const tableName = nameIn(stack.deployment, 'payments')
  const resourceArns = [stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: tableName })]
  Grant.addToPrincipal({ grantee: fn, actions: ACTIONS.map((action) => `dynamodb:${action}`), resourceArns })
  fn.setVariable(table, tableName)
  grantKitSecret(fn, secret)
}
