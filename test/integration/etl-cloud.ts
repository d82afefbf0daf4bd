/** What the tests of ETL share: a dataset, files that land in it, runs that end, and questions. */
import { S3Client } from '@aws-sdk/client-s3'
import { expect, inject } from 'vitest'
import { isSettled } from '../../functions/etl/runs/run.ts'
import { clientFor } from '../../local/aws.ts'
import { type Answer, eventually, type Workspace } from './links-cloud.ts'

export const s3 = new S3Client({ ...clientFor(inject('outputs')), forcePathStyle: true })
export const bucket = (name: 'Landing' | 'Lake'): string => inject('outputs').stacks['Etl']?.[`${name}Bucket`] ?? ''

export const ORDERS = {
  name: 'orders',
  format: { type: 'csv' },
  columns: [
    { name: 'id', type: 'integer', required: true },
    { name: 'country', type: 'string' },
    { name: 'amount', type: 'decimal', precision: 10, scale: 2 },
    { name: 'placed', type: 'instant' },
  ],
  keys: ['id'],
  partitions: [{ column: 'placed', by: 'day' }],
} as const

export async function declare(workspace: Workspace, dataset: object = ORDERS): Promise<void> {
  expect(await workspace.call('POST', '/api/etl/datasets', { body: dataset })).toMatchObject({ status: 201 })
}

/** Sends the file as a client would; gives the id of the upload. */
export async function upload(workspace: Workspace, dataset: string, file: string | Uint8Array): Promise<string> {
  const body = Buffer.from(file)
  const asked = await workspace.call('POST', '/api/etl/uploads', { body: { dataset, bytes: body.length } })
  expect(asked).toMatchObject({ status: 201, body: { dataset, runId: null, method: 'PUT' } })
  const put = await fetch(asked.body.url, { method: 'PUT', headers: asked.body.headers, body })
  expect(put.status).toBe(200)
  return asked.body.id
}

/** The run of an upload, once nothing happens to it any more. */
export async function settled(workspace: Workspace, uploadId: string): Promise<Answer['body']> {
  const landed = await eventually(
    async () => (await workspace.call('GET', `/api/etl/uploads/${uploadId}`)).body.runId as string | null,
    (runId) => runId !== null,
  )
  return eventually(
    async () => (await workspace.call('GET', `/api/etl/runs/${landed}`)).body,
    ({ status }) => isSettled(status),
  )
}

export const land = async (workspace: Workspace, dataset: string, file: string | Uint8Array): Promise<Answer['body']> =>
  settled(workspace, await upload(workspace, dataset, file))

export const ask = (workspace: Workspace, sql: string, more: object = {}): Promise<Answer> =>
  workspace.call('POST', '/api/etl/query', { body: { sql, ...more } })

export async function rows(workspace: Workspace, sql: string): Promise<unknown[][]> {
  const { status, body } = await ask(workspace, sql)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.rows
}
