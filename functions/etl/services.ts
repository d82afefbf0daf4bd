/** What the routes of this service need. */
import type { Cursors } from '#core/cursor.ts'
import type { Ids } from '#core/ids.ts'
import { type FieldError, Problem } from '#core/problem.ts'
import type { DatasetsStore } from './catalog/datasets.store.ts'
import type { ObjectsStore } from './catalog/objects.store.ts'
import type { AskQuery } from './query/query-function.store.ts'
import type { PresignUpload } from './runs/presign.store.ts'
import type { RunsStore } from './runs/runs.store.ts'
import type { UploadsStore } from './runs/uploads.store.ts'

export interface EtlServices {
  readonly datasets: DatasetsStore
  readonly runs: RunsStore
  readonly uploads: UploadsStore
  readonly presignUpload: PresignUpload
  readonly lake: Pick<ObjectsStore, 'read'>
  readonly askQuery: AskQuery
  readonly ids: Ids
  readonly cursors: Cursors
}

export const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem('validation_failed', 'See errors for what to change.', { errors })

export const unknownDataset = (name: string): Problem =>
  new Problem('not_found', `this workspace has no dataset ${name.slice(0, 64)}`)
