/**
 * The table of one service: on demand, `pk` and `sk`, TTL in `ttl`, a stream of old and new images for the outbox.
 * Grants name actions, never `dynamodb:*`, and leave out Scan: lists are queries.
 */
import { RemovalPolicy } from 'aws-cdk-lib'
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb'
import { Grant } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { TTL_ATTRIBUTE } from '../../layers/core/table.ts'
import { acknowledge } from './policies.ts'
import type { ServiceFunctionTarget } from './service-function.ts'
import { ServiceStack } from './service-stack.ts'

/** Shard ids of the local database contain the table's name, and the SDK wants them to have 28 characters. */
const MIN_NAME_LENGTH = 11

const READ_ACTIONS = ['GetItem', 'BatchGetItem', 'Query', 'ConditionCheckItem'] as const
const WRITE_ACTIONS = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'] as const
export type TableAction = (typeof READ_ACTIONS)[number] | (typeof WRITE_ACTIONS)[number]

/** An index over all items that have both attributes, which are texts. It holds keys only: items are read from the table. */
export interface TableIndex {
  readonly name: string
  readonly partitionKey: string
  readonly sortKey: string
}

export interface ServiceTableProps {
  /** The whole name. @default the service's name: `backlot-links` */
  readonly tableName?: string
  /** @default none */
  readonly indexes?: readonly TableIndex[]
}

export class ServiceTable extends Construct {
  readonly table: Table
  readonly #indexArns: readonly string[]

  constructor(scope: Construct, id: string, props: ServiceTableProps = {}) {
    super(scope, id)
    const stack = ServiceStack.of(this)
    const tableName = props.tableName ?? stack.nameFor()
    if (tableName.length < MIN_NAME_LENGTH)
      throw new Error(`expected a table name of at least ${MIN_NAME_LENGTH} characters, got ${tableName}`)
    const { keepsData } = stack.deployment
    this.table = new Table(this, 'Table', {
      tableName,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: TTL_ATTRIBUTE,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: keepsData },
      deletionProtection: keepsData,
      removalPolicy: keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    for (const { name, partitionKey, sortKey } of props.indexes ?? [])
      this.table.addGlobalSecondaryIndex({
        indexName: name,
        partitionKey: { name: partitionKey, type: AttributeType.STRING },
        sortKey: { name: sortKey, type: AttributeType.STRING },
        projectionType: ProjectionType.KEYS_ONLY,
      })
    this.#indexArns = (props.indexes ?? []).map(({ name }) => `${this.table.tableArn}/index/${name}`)
    if (!keepsData)
      acknowledge(this.table, 'AwsSolutions-DDB3', 'Data of this environment is made by a seed and may be lost.')
  }

  /** Reads by key and query; sets `variable` to the table's name. */
  grantRead<Name extends string>(fn: ServiceFunctionTarget<Name>, variable: NoInfer<Name>): void {
    this.grant(fn, variable, ...READ_ACTIONS)
  }

  /** Everything that transactions and queries need; sets `variable` to the table's name. */
  grantReadWrite<Name extends string>(fn: ServiceFunctionTarget<Name>, variable: NoInfer<Name>): void {
    this.grant(fn, variable, ...READ_ACTIONS, ...WRITE_ACTIONS)
  }

  /** Exactly these actions on items; sets `variable` to the table's name. */
  grant<Name extends string>(
    fn: ServiceFunctionTarget<Name>,
    variable: NoInfer<Name>,
    ...actions: readonly TableAction[]
  ): void {
    Grant.addToPrincipal({
      grantee: fn,
      actions: actions.map((action) => `dynamodb:${action}`),
      resourceArns: [this.table.tableArn],
    })
    if (actions.includes('Query') && this.#indexArns.length > 0)
      Grant.addToPrincipal({ grantee: fn, actions: ['dynamodb:Query'], resourceArns: [...this.#indexArns] })
    fn.setVariable(variable, this.table.tableName)
  }
}
