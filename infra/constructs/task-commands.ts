/** What the tasks service offers to the other stacks, by the names of the convention: no reference between stacks. */
import { Grant } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { nameIn } from '../environments.ts'
import type { ServiceFunctionTarget } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** The command queue's part of its name: `backlot-tasks-commands`. */
export const TASK_COMMANDS = 'commands'

/** May ask for tasks (`#core/task-commands.store.ts`); sets `variable` to the URL of the command queue. */
export function grantEnqueueTask<Name extends string>(
  fn: ServiceFunctionTarget<Name> & Construct,
  variable: NoInfer<Name>,
): void {
  const stack = ServiceStack.of(fn)
  const queueName = nameIn(stack.deployment, 'tasks', TASK_COMMANDS)
  const resourceArns = [stack.formatArn({ service: 'sqs', resource: queueName })]
  Grant.addToPrincipal({ grantee: fn, actions: ['sqs:SendMessage'], resourceArns })
  fn.setVariable(variable, `https://sqs.${stack.region}.${stack.urlSuffix}/${stack.account}/${queueName}`)
}
