/** Uploads that were asked for, and the run that each became; keys in `catalog/keys.ts`. */
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { DAY, epochSeconds } from '#core/clock.ts'
import { conditionFailed } from '#core/dynamo.ts'
import type { TableKey } from '#core/table.ts'
import { isUploadId, uploadKey } from '../catalog/keys.ts'

/** Long enough to ask what became of it. The run stays. */
const UPLOAD_DAYS = 30

export interface Upload {
  /** `upl_<ULID>` */
  readonly id: string
  readonly workspaceId: string
  readonly dataset: string
  /** In the landing bucket. */
  readonly key: string
  readonly createdAt: string
  /** The run whose quarantined rows it has, corrected. */
  readonly corrects?: string
  /** Once it has landed. */
  readonly runId?: string
}

export interface UploadsStore {
  create(upload: Upload): Promise<void>
  get(workspaceId: string, id: string): Promise<Upload | undefined>
  /** An upload that is forgotten stays forgotten. */
  link(workspaceId: string, id: string, runId: string): Promise<void>
}

export function createUploadsStore(client: DynamoDBDocumentClient, table: string): UploadsStore {
  return {
    async create({ id, workspaceId, ...rest }) {
      const ttl = epochSeconds(new Date(new Date(rest.createdAt).getTime() + UPLOAD_DAYS * DAY))
      await client.send(new PutCommand({ TableName: table, Item: { ...uploadKey(workspaceId, id), ...rest, ttl } }))
    },
    async get(workspaceId, id) {
      if (!isUploadId(id)) return undefined
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: uploadKey(workspaceId, id), ConsistentRead: true }),
      )
      if (Item === undefined) return undefined
      const { pk: _, sk, ...upload } = Item as unknown as Omit<Upload, 'id' | 'workspaceId'> & TableKey
      return { ...upload, id: sk, workspaceId }
    },
    async link(workspaceId, id, runId) {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: uploadKey(workspaceId, id),
            UpdateExpression: 'SET runId = :run',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':run': runId },
          }),
        )
      } catch (error) {
        if (!conditionFailed(error)) throw error
      }
    },
  }
}
