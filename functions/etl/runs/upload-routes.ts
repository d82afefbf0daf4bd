/** The routes of uploads: ask for one, of a new file or of corrected rows, and see which run it became. */
import { SECOND } from '#core/clock.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { isUploadId, landingKey } from '../catalog/keys.ts'
import { type EtlServices, unknownDataset } from '../services.ts'
import { correctionRefusal } from './run.ts'
import { unknownRun } from './run-routes.ts'
import {
  correctionBody,
  createdUploadBody,
  createUploadBody,
  runParams,
  uploadBody,
  uploadParams,
} from './run-schemas.ts'
import type { Upload } from './uploads.store.ts'

const route = routeOf<EtlServices>()

const UPLOADS = '/api/etl/uploads'

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
  async handle({ body, principal, now }, services) {
    const { workspaceId } = principal
    if ((await services.datasets.get(workspaceId, body.dataset, now)) === undefined) throw unknownDataset(body.dataset)
    return newUpload({ ...body, workspaceId }, services, now)
  },
})

const correctRun = route({
  method: 'POST',
  path: '/api/etl/runs/{id}/corrections',
  operationId: 'correctRun',
  summary: 'Send the bad rows of a run again, corrected',
  description:
    'Answers a URL for a file of the dataset that has the rows of `listQuarantine`, corrected, and no others. It has a ' +
    'run of its own. Its rows are added to what the corrected run published, as if they had come with it, whatever the ' +
    'mode of the dataset; rows that came later still win. Of several files one is published, the others are rejected.',
  permission: 'etl:write',
  params: runParams,
  body: correctionBody,
  answers: {
    201: { description: 'Where to send the file.', body: createdUploadBody, headers: { Location: 'The upload.' } },
  },
  problems: ['not_found', 'run_state'],
  async handle({ params, body, principal, now }, services) {
    const { workspaceId } = principal
    const run = await services.runs.get(workspaceId, params.id)
    if (run === undefined) throw unknownRun(params.id)
    const refusal = correctionRefusal(run)
    if (refusal !== undefined) throw new Problem('run_state', refusal)
    return newUpload({ ...body, workspaceId, dataset: run.dataset, corrects: run.id }, services, now)
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

export const uploadRoutes = [createUpload, getUpload, correctRun]

interface UploadRequest {
  readonly workspaceId: string
  readonly dataset: string
  readonly fileName: string
  readonly bytes: number
  readonly sha256?: string | undefined
  readonly corrects?: string
}

async function newUpload(request: UploadRequest, { uploads, presignUpload, ids }: EtlServices, now: Date) {
  const { workspaceId, dataset, fileName, bytes, sha256, corrects } = request
  const id = ids('upl')
  const key = landingKey(workspaceId, dataset, id, fileName)
  const asked: Upload = { id, workspaceId, dataset, key, createdAt: now.toISOString() }
  const upload = { ...asked, ...(corrects !== undefined && { corrects }) }
  const { url, headers } = await presignUpload({ key, bytes, sha256 }, UPLOAD_SECONDS)
  await uploads.create(upload)
  const expiresAt = new Date(now.getTime() + UPLOAD_SECONDS * SECOND).toISOString()
  return {
    status: 201,
    headers: { Location: `${UPLOADS}/${id}` },
    body: { ...uploadWire(upload), method: 'PUT', url, headers: { ...headers }, expiresAt },
  } as const
}

const uploadWire = ({ id, dataset, createdAt, runId, corrects }: Upload) => ({
  ...{ id, dataset, createdAt },
  ...{ runId: runId ?? null, corrects: corrects ?? null },
})
