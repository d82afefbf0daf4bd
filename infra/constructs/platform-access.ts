/** Grants on what the platform stack has, by the names of the convention: no reference between stacks. */
import { Grant } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { platformNames } from '../environments.ts'
import type { ServiceFunctionTarget } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

type Target<Name extends string> = ServiceFunctionTarget<Name> & Construct

/** May publish to the bus; sets `variable` to the bus's name. */
export function grantPublish<Name extends string>(fn: Target<Name>, variable: NoInfer<Name>): void {
  const stack = ServiceStack.of(fn)
  const { bus } = platformNames(stack.deployment)
  const resourceArns = [stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: bus })]
  Grant.addToPrincipal({ grantee: fn, actions: ['events:PutEvents'], resourceArns })
  fn.setVariable(variable, bus)
}

/** May look up workspaces and keys, by key only; sets `variable` to the table's name. */
export function grantAccessRead<Name extends string>(fn: Target<Name>, variable: NoInfer<Name>): void {
  const stack = ServiceStack.of(fn)
  const { accessTable } = platformNames(stack.deployment)
  const resourceArns = [stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: accessTable })]
  Grant.addToPrincipal({ grantee: fn, actions: ['dynamodb:GetItem', 'dynamodb:Query'], resourceArns })
  fn.setVariable(variable, accessTable)
}

/** May also change workspaces, members and keys: for the service that manages them. Sets `variable` to the table's name. */
export function grantAccessWrite<Name extends string>(fn: Target<Name>, variable: NoInfer<Name>): void {
  const stack = ServiceStack.of(fn)
  const { accessTable } = platformNames(stack.deployment)
  const resourceArns = [stack.formatArn({ service: 'dynamodb', resource: 'table', resourceName: accessTable })]
  const actions = ['PutItem', 'UpdateItem', 'DeleteItem'].map((action) => `dynamodb:${action}`)
  Grant.addToPrincipal({ grantee: fn, actions, resourceArns })
  fn.setVariable(variable, accessTable)
}

/** May read the secret that the kit derives its keys from; sets `variable` to its name. */
export function grantKitSecret<Name extends string>(fn: Target<Name>, variable: NoInfer<Name>): void {
  const stack = ServiceStack.of(fn)
  const { kitSecret } = platformNames(stack.deployment)
  // Secrets Manager ends an ARN with six random characters: a policy by name matches them with `?`.
  const resourceArns = [stack.formatArn({ service: 'secretsmanager', resource: `secret:${kitSecret}-??????` })]
  Grant.addToPrincipal({ grantee: fn, actions: ['secretsmanager:GetSecretValue'], resourceArns })
  fn.setVariable(variable, kitSecret)
}
