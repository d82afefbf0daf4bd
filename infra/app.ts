/** The stacks of one environment, nothing else. Run by the CDK CLI (cdk.json), and imported by tests. */
import { App } from 'aws-cdk-lib'
import { bundleFunctions } from './bundle.ts'
import { addPolicyChecks } from './constructs/policies.ts'
import { Docs } from './docs.ts'
import { Edge } from './edge-stack.ts'
import { type Environment, environmentOf } from './environments.ts'
import { Links } from './links.ts'
import { Platform } from './platform.ts'
import { Schedules } from './schedules.ts'
import { Tasks } from './tasks.ts'

/** Every name is known by convention, so services need no order among themselves and deploy in parallel. */
export function addStacks(app: App, environment: Environment): void {
  const platform = new Platform(app, environment)
  const links = new Links(app, environment)
  const tasks = new Tasks(app, environment)
  const schedules = new Schedules(app, environment)
  const docs = new Docs(app, environment)

  links.addStackDependency(platform, 'a rule can only be put on a bus that exists')
  if (environment.capabilities.apiAccessLogs)
    for (const stack of [tasks, schedules, docs])
      stack.addStackDependency(platform, 'a stage can only write logs once the account has a role for it')
  if (environment.capabilities.cloudFront) new Edge(app, environment, [links, tasks, schedules, docs])
}

if (import.meta.main) {
  const app = new App()
  const environment = environmentOf({ context: (name) => app.node.tryGetContext(name), variables: process.env })
  await bundleFunctions()
  addStacks(app, environment)
  if (app.node.tryGetContext('backlot:policies')) await addPolicyChecks(app)
  app.synth()
}
