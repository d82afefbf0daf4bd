/** The API reference: `/docs`, `/docs/problems` and `/api/openapi.json`, from the document that is in the bundle. */
import type { App } from 'aws-cdk-lib'
import { docsEnvironment } from '../functions/docs/environment.ts'
import { ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import type { Environment } from './environments.ts'

export class Docs extends ServiceStack {
  constructor(app: App, environment: Environment) {
    super(app, 'Docs', { environment, description: 'Backlot: API reference' })
    const monitoring = { impact: 'The API reference cannot be read; the APIs work.' }
    const handler = new ServiceFunction(this, 'ApiFunction', {
      source: 'functions/docs/api.lambda.ts',
      environment: docsEnvironment,
      variables: { PUBLIC_ORIGIN: environment.publicOrigin },
      monitoring,
    })
    const api = new ServiceApi(this, 'Api', { handler, monitoring })
    this.publish('ApiId', api.apiId)
    this.publish('ApiUrl', api.url)
  }
}
