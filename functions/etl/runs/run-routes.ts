/** The routes of uploads and runs: ask for an upload, see what became of it, read what was kept aside. */
import { SECOND } from '#core/clock.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { isUploadId, landingKey, quarantineKey } from '../catalog/keys.ts'
import { ROW_FAULTS } from '../convert/faults.ts'
import { type EtlServices, unknownDataset } from '../services.ts'
import { quarantinePage } from './quarantine-page.ts'
import type { Run } from './run.ts'
import {
  createdUploadBody,
  createUploadBody,
  quarantineBody,
  quarantineQuery,
  runBody,
  runListBody,
  runListQuery,
  runParams,
  uploadBody,
  uploadParams,
} from './run-schemas.ts'
import type { Upload } from './uploads.store.ts'

const route = routeOf<EtlServices>()

const UPLOADS = '/api/etl/uploads'
const RUNS = '/api/etl/runs'

/** Time to begin an upload; one that has begun may take longer. */
const UPLOAD_SECONDS = 15 * 60

const createUpload = route({
  method: 'POST',
  path: UPLOADS,
  operationId: 'createUpload',
  summary: 'Ask for an upload',
  description:
    'Answers a URL that takes the file with one PUT, straight into the landing bucket. When it has landed its run ' +
    'begins. The same file again has the same run, and changes nothing.',
  permission: 'etl:write',
  body: createUploadBody,
  answers: {
    201: { description: 'Where to send the file.', body: createdUploadBody, headers: { Location: 'The upload.' } },
  },
  problems: ['not_found'],
  async handle({ body, principal, now }, { datasets, uploads, presignUpload, ids }) {
    const { workspaceId } = principal
    if ((await datasets.get(workspaceId, body.dataset, now)) === undefined) throw unknownDataset(body.dataset)
    const id = ids('upl')
    const key = landingKey(workspaceId, body.dataset, id, body.fileName)
    const upload: Upload = { id, workspaceId, dataset: body.dataset, key, createdAt: now.toISOString() }
    const signed = await presignUpload({ key, bytes: body.bytes, sha256: body.sha256 }, UPLOAD_SECONDS)
    await uploads.create(upload)
    const expiresAt = new Date(now.getTime() + UPLOAD_SECONDS * SECOND).toISOString()
    return {
      status: 201,
      headers: { Location: `${UPLOADS}/${id}` },
      body: {
        ...uploadWire(upload),
        method: 'PUT' as const,
        url: signed.url,
        headers: { ...signed.headers },
        expiresAt,
      },
    }
  },
})

const getUpload = route({
  method: 'GET',
  path: `${UPLOADS}/{id}`,
  operationId: 'getUpload',
  summary: 'See which run an upload became',
  permission: 'etl:read',
  params: uploadParams,
  answers: { 200: { description: 'The upload.', body: uploadBody } },
  problems: ['not_found'],
  async handle({ params, principal }, { uploads }) {
    const upload = isUploadId(params.id) ? await uploads.get(principal.workspaceId, params.id) : undefined
    if (upload === undefined) throw new Problem('not_found', `this workspace has no upload ${params.id.slice(0, 64)}`)
    return { status: 200, body: uploadWire(upload) }
  },
})

const listRuns = route({
  method: 'GET',
  path: RUNS,
  operationId: 'listRuns',
  summary: 'List runs',
  description: 'The runs of the workspace or of one dataset, newest first.',
  permission: 'etl:read',
  query: runListQuery,
  answers: { 200: { description: 'A page of runs.', body: runListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { runs, cursors }) {
    const { workspaceId } = principal
    const scope = ['listRuns', workspaceId, query.dataset ?? '']
    const { after } = query.cursor === undefined ? {} : await cursors.open(scope, query.cursor)
    const page = await runs.list(workspaceId, query.dataset, query.limit, after as string | undefined)
    const nextCursor = page.next === undefined ? null : await cursors.seal(scope, { after: page.next })
    return { status: 200, body: { items: page.runs.map(runWire), nextCursor } }
  },
})

const getRun = route({
  method: 'GET',
  path: `${RUNS}/{id}`,
  operationId: 'getRun',
  summary: 'Read a run',
  permission: 'etl:read',
  params: runParams,
  answers: { 200: { description: 'The run.', body: runBody } },
  problems: ['not_found'],
  async handle({ params, principal }, { runs }) {
    const run = await runs.get(principal.workspaceId, params.id)
    if (run === undefined) throw unknownRun(params.id)
    return { status: 200, body: runWire(run) }
  },
})

const listQuarantine = route({
  method: 'GET',
  path: `${RUNS}/{id}/quarantine`,
  operationId: 'listQuarantine',
  summary: 'List the bad rows of a run',
  description:
    'Every row that was kept aside, with its line, its text and what is wrong with it. Of a run that was rejected for ' +
    'too many bad rows the first 1000.',
  permission: 'etl:read',
  params: runParams,
  query: quarantineQuery,
  answers: { 200: { description: 'A page of rows.', body: quarantineBody } },
  problems: ['not_found', 'invalid_cursor'],
  async handle({ params, query, principal }, { runs, lake, cursors }) {
    const run = await runs.get(principal.workspaceId, params.id)
    if (run === undefined) throw unknownRun(params.id)
    const scope = ['listQuarantine', run.workspaceId, run.id]
    const { skip = 0 } = query.cursor === undefined ? {} : await cursors.open(scope, query.cursor)
    const file = await lake.read(quarantineKey(run.workspaceId, run.dataset, run.id))
    if (file === undefined) return { status: 200, body: { items: [], nextCursor: null } }
    const { rows, next } = await quarantinePage(file, query.limit, Number(skip))
    const items = rows.map(({ line, text, faults }) => ({
      line,
      text,
      faults: faults.map(({ column, code }) => ({ column: column ?? null, code, detail: ROW_FAULTS[code] })),
    }))
    return {
      status: 200,
      body: { items, nextCursor: next === undefined ? null : await cursors.seal(scope, { skip: next }) },
    }
  },
})

export const runRoutes = [createUpload, getUpload, listRuns, getRun, listQuarantine]

const unknownRun = (id: string): Problem => new Problem('not_found', `this workspace has no run ${id.slice(0, 64)}`)

const uploadWire = ({ id, dataset, createdAt, runId }: Upload) => ({ id, dataset, createdAt, runId: runId ?? null })

function runWire(run: Run) {
  const { workspaceId: _, version: __, traceparent: ___, manifestKey: ____, ...rest } = run
  const { counts, warnings = [], manifestVersion, duplicateOf, error } = run
  return {
    ...rest,
    counts: counts ?? null,
    warnings: [...warnings],
    manifestVersion: manifestVersion ?? null,
    duplicateOf: duplicateOf ?? null,
    error: error ?? null,
  }
}
