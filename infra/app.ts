/** The stacks of one environment, nothing else. Run by the CDK CLI (cdk.json), and imported by tests. */
import { App } from 'aws-cdk-lib'
import { Auth } from './auth.ts'
import { bundleFunctions } from './bundle.ts'
import { addPolicyChecks } from './constructs/policies.ts'
import { Docs } from './docs.ts'
import { Edge } from './edge-stack.ts'
import { type Environment, environmentOf } from './environments.ts'
import { Etl } from './etl.ts'
import { Links } from './links.ts'
import { DUCKDB, prepareLayer } from './native-modules.ts'
import { Payments } from './payments.ts'
import { Platform } from './platform.ts'
import { Schedules } from './schedules.ts'
import { Tasks } from './tasks.ts'

/** Every name is known by convention, so services need no order among themselves and deploy in parallel. */
export function addStacks(app: App, environment: Environment): void {
  const platform = new Platform(app, environment)
  const links = new Links(app, environment)
  const tasks = new Tasks(app, environment)
  const schedules = new Schedules(app, environment)
  const auth = new Auth(app, environment)
  const etl = new Etl(app, environment)
  const payments = new Payments(app, environment)
  const docs = new Docs(app, environment)
  const served = [links, tasks, schedules, auth, etl, payments, docs]

  for (const stack of [links, schedules, etl])
    stack.addStackDependency(platform, 'a rule can only be put on a bus that exists')
  if (environment.capabilities.apiAccessLogs)
    for (const stack of served)
      stack.addStackDependency(platform, 'a stage can only write logs once the account has a role for it')
  if (environment.capabilities.cloudFront) new Edge(app, environment, served)
}

if (import.meta.main) {
  const app = new App()
  const environment = environmentOf({ context: (name) => app.node.tryGetContext(name), variables: process.env })
  await Promise.all([bundleFunctions(), prepareLayer(DUCKDB, environment)])
  addStacks(app, environment)
  if (app.node.tryGetContext('backlot:policies')) await addPolicyChecks(app)
  app.synth()
}
