/** Datasets and the versions of their definitions in the table; keys in `keys.ts`. The pointer is moved by `commit.store.ts` alone. */
import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import type { TableKey } from '#core/table.ts'
import { BUILT_IN_NAMES, builtIn } from './built-in.ts'
import { DATASET_NAME, type Dataset, type Definition, definition } from './dataset.ts'
import { datasetKey, datasetsPartition, definitionKey } from './keys.ts'

export type Changed =
  | { readonly kind: 'done'; readonly dataset: Dataset }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'stale'; readonly version: number }

export interface DatasetsStore {
  /** Also writes the definition's version 1. 6 W with both, by 1 kB. */
  create(dataset: Dataset): Promise<'created' | 'name_taken'>
  /** Strongly consistent. A built-in one is made when it is first asked for. */
  get(workspaceId: string, name: string, now: Date): Promise<Dataset | undefined>
  /** The definition that a run began with. */
  definitionOf(workspaceId: string, name: string, version: number): Promise<Definition>
  /** By name. `after` is the last name of the page before. */
  list(
    workspaceId: string,
    limit: number,
    after: string | undefined,
    now: Date,
  ): Promise<{ readonly datasets: readonly Dataset[]; readonly next: string | undefined }>
  /** Replaces the definition, on condition that the version is still `before.version`. */
  change(before: Dataset, after: Definition, now: Date): Promise<Changed>
}

type Actions = NonNullable<TransactWriteCommandInput['TransactItems']>

export function createDatasetsStore(client: DynamoDBDocumentClient, table: string): DatasetsStore {
  const read = async (workspaceId: string, name: string): Promise<Dataset | undefined> => {
    if (!DATASET_NAME.test(name)) return undefined
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: datasetKey(workspaceId, name), ConsistentRead: true }),
    )
    return Item === undefined ? undefined : datasetOf(Item, workspaceId)
  }

  const create = async (dataset: Dataset): Promise<'created' | 'name_taken'> => {
    const { name, workspaceId, ...rest } = dataset
    const actions: Actions = [
      {
        Put: {
          TableName: table,
          Item: { ...datasetKey(workspaceId, name), ...rest },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      versionAction(table, dataset, dataset, dataset.version),
    ]
    try {
      await client.send(new TransactWriteCommand({ TransactItems: actions }))
      return 'created'
    } catch (error) {
      if (conditionFailed(error)) return 'name_taken'
      throw error
    }
  }

  const get: DatasetsStore['get'] = async (workspaceId, name, now) => {
    const found = await read(workspaceId, name)
    const own = found ?? builtIn(workspaceId, name, now)
    if (found !== undefined || own === undefined) return found
    return (await create(own)) === 'created' ? own : read(workspaceId, name)
  }

  return {
    create,
    get,
    async definitionOf(workspaceId, name, version) {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: definitionKey(workspaceId, name, version), ConsistentRead: true }),
      )
      if (Item === undefined) throw new Error(`expected version ${version} of the dataset ${name}, got none`)
      return definition.parse(Item['definition'])
    },
    async list(workspaceId, limit, after, now) {
      if (after === undefined) await Promise.all(BUILT_IN_NAMES.map((name) => get(workspaceId, name, now)))
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :datasets',
          ExpressionAttributeValues: { ':datasets': datasetsPartition(workspaceId) },
          ConsistentRead: true,
          Limit: limit + 1,
          ...(after !== undefined && { ExclusiveStartKey: datasetKey(workspaceId, after) }),
        }),
      )
      const datasets = Items.slice(0, limit).map((item) => datasetOf(item, workspaceId))
      return { datasets, next: Items.length > limit ? datasets.at(-1)?.name : undefined }
    },
    async change(before, after, now) {
      const version = before.version + 1
      const updatedAt = now.toISOString()
      try {
        await client.send(
          new TransactWriteCommand({
            TransactItems: [
              changeAction(table, before, after, version, updatedAt),
              versionAction(table, before, after, version),
            ],
          }),
        )
        return { kind: 'done', dataset: { ...before, ...after, version, updatedAt } }
      } catch (error) {
        if (!conditionFailed(error)) throw error
        const current = await read(before.workspaceId, before.name)
        return current === undefined ? { kind: 'unknown' } : { kind: 'stale', version: current.version }
      }
    },
  }
}

const DEFINITION_FIELDS = Object.keys(definition.shape) as readonly (keyof Definition)[]

const definitionIn = (of: Definition): Definition =>
  Object.fromEntries(DEFINITION_FIELDS.map((field) => [field, of[field]])) as unknown as Definition

/** The pointer is left alone: a run may move it at the same moment. */
function changeAction(table: string, before: Dataset, after: Definition, version: number, updatedAt: string) {
  const fields = Object.entries({ ...definitionIn(after), version, updatedAt })
  const set = fields.filter(([, value]) => value !== undefined)
  const remove = fields.filter(([, value]) => value === undefined)
  const sets = set.map(([name]) => `#${name} = :${name}`).join(', ')
  const removes = remove.map(([name]) => `#${name}`).join(', ')
  return {
    Update: {
      TableName: table,
      Key: datasetKey(before.workspaceId, before.name),
      UpdateExpression: `SET ${sets}${removes === '' ? '' : ` REMOVE ${removes}`}`,
      ConditionExpression: '#version = :before',
      ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
        ':before': before.version,
      },
    },
  }
}

const versionAction = (
  table: string,
  { workspaceId, name }: Pick<Dataset, 'workspaceId' | 'name'>,
  of: Definition,
  version: number,
) => ({
  Put: {
    TableName: table,
    Item: { ...definitionKey(workspaceId, name, version), definition: definitionIn(of) },
  },
})

function datasetOf(item: Record<string, unknown>, workspaceId: string): Dataset {
  const { pk: _, sk, ...dataset } = item as unknown as Omit<Dataset, 'name' | 'workspaceId'> & TableKey
  return { ...dataset, name: sk, workspaceId }
}
