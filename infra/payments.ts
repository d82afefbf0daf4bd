/** Money: the Stripe-compatible API, checkout, orders and ledger, receipts, webhooks in and out. */
import type { App } from 'aws-cdk-lib'
import { apiEnvironment } from '../functions/payments/environment.ts'
import { LIST_INDEX, OWNER_INDEX } from '../functions/payments/payments-keys.ts'
import { grantKit, ServiceApi } from './constructs/service-api.ts'
import { ServiceFunction } from './constructs/service-function.ts'
import { ServiceStack } from './constructs/service-stack.ts'
import { ServiceTable } from './constructs/service-table.ts'
import type { Environment } from './environments.ts'

export class Payments extends ServiceStack {
  readonly #table: ServiceTable

  constructor(app: App, environment: Environment) {
    super(app, 'Payments', { environment, description: 'Backlot: payments' })
    this.#table = new ServiceTable(this, 'Table', {
      indexes: [
        { name: LIST_INDEX, partitionKey: 'listPk', sortKey: 'listSk' },
        { name: OWNER_INDEX, partitionKey: 'ownerPk', sortKey: 'ownerSk' },
      ],
    })
    this.#api()
  }

  #api(): void {
    const monitoring = {
      impact: 'Orders, the ledger, receipts and webhooks can not be read or changed; payments go on.',
    }
    const handler = new ServiceFunction(this, 'ApiFunction', {
      source: 'functions/payments/api.lambda.ts',
      environment: apiEnvironment,
      memoryMb: 512,
      monitoring,
    })
    this.#table.grantReadWrite(handler, 'PAYMENTS_TABLE')
    grantKit(handler, { state: this.#table })
    const api = new ServiceApi(this, 'Api', { handler, monitoring })
    this.publish('ApiId', api.apiId)
    this.publish('ApiUrl', api.url)
  }
}
