/** The routes of datasets: declare, list, read, change. The rules are in `dataset.ts`. */
import { answerPage } from '#core/pagination.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { type EtlServices, invalid, unknownDataset } from '../services.ts'
import { BUILT_IN_NAMES } from './built-in.ts'
import { type Dataset, faultsOf, incompatibilities, NO_POINTER } from './dataset.ts'
import {
  changeDatasetBody,
  createDatasetBody,
  datasetBody,
  datasetListBody,
  datasetListQuery,
  datasetParams,
} from './dataset-schemas.ts'

const route = routeOf<EtlServices>()

const PATH = '/api/etl/datasets'
const ETAG = { ETag: 'The version of the definition, for `If-Match` and `If-None-Match`.' }

const createDataset = route({
  method: 'POST',
  path: PATH,
  operationId: 'createDataset',
  summary: 'Declare a dataset',
  description:
    'Declares what files of this dataset look like: columns with their types, keys, partitions and rules. Files that ' +
    'land from now on are checked against it, and what is good answers SQL under its name.',
  permission: 'etl:write',
  body: createDatasetBody,
  answers: {
    201: {
      description: 'The dataset was declared.',
      body: datasetBody,
      headers: { Location: 'The path of the dataset.', ...ETAG },
    },
  },
  problems: ['dataset_exists'],
  async handle({ body: { name, ...declared }, principal, now }, { datasets }) {
    const faults = faultsOf(declared)
    if (faults.length > 0) throw invalid(faults)
    const at = now.toISOString()
    const dataset: Dataset = {
      ...declared,
      ...NO_POINTER,
      name,
      workspaceId: principal.workspaceId,
      builtIn: false,
      version: 1,
      createdAt: at,
      updatedAt: at,
    }
    const outcome = BUILT_IN_NAMES.includes(name) ? 'name_taken' : await datasets.create(dataset)
    if (outcome === 'name_taken') throw new Problem('dataset_exists', `expected a new name, ${name} is in use`)
    return { status: 201, headers: { Location: `${PATH}/${name}` }, etag: '1', body: wireOf(dataset) }
  },
})

const listDatasets = route({
  method: 'GET',
  path: PATH,
  operationId: 'listDatasets',
  summary: 'List datasets',
  description: 'The datasets of the workspace, by name, with what is published of each.',
  permission: 'etl:read',
  query: datasetListQuery,
  answers: { 200: { description: 'A page of datasets.', body: datasetListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal, now }, { datasets, cursors }) {
    const { workspaceId } = principal
    const scope = ['listDatasets', workspaceId]
    const body = await answerPage(cursors, scope, query, async (limit, after) => {
      const { datasets: found, next } = await datasets.list(workspaceId, limit, after, now)
      return { items: found.map(wireOf), next }
    })
    return { status: 200, body }
  },
})

const getDataset = route({
  method: 'GET',
  path: `${PATH}/{name}`,
  operationId: 'getDataset',
  summary: 'Read a dataset',
  permission: 'etl:read',
  params: datasetParams,
  answers: { 200: { description: 'The dataset.', body: datasetBody } },
  problems: ['not_found'],
  async handle({ params, principal, now }, { datasets }) {
    const dataset = await datasets.get(principal.workspaceId, params.name, now)
    if (dataset === undefined) throw unknownDataset(params.name)
    return { status: 200, body: wireOf(dataset) }
  },
})

const changeDataset = route({
  method: 'PUT',
  path: `${PATH}/{name}`,
  operationId: 'changeDataset',
  summary: 'Change the definition of a dataset',
  description:
    'Replaces the definition. What was published must stay readable: columns may be added but not required, none may go ' +
    'away or change its type, keys and partitions stay. Files that landed before keep the definition they landed with.',
  permission: 'etl:write',
  params: datasetParams,
  body: changeDatasetBody,
  answers: { 200: { description: 'The changed dataset.', body: datasetBody, headers: ETAG } },
  problems: ['not_found', 'precondition_failed', 'conflict', 'dataset_built_in'],
  async handle({ params, body, principal, ifMatch, now }, { datasets }) {
    const before = await datasets.get(principal.workspaceId, params.name, now)
    if (before === undefined) throw unknownDataset(params.name)
    if (before.builtIn)
      throw new Problem('dataset_built_in', `expected a dataset of yours, ${before.name} is Backlot's`)
    if (ifMatch !== undefined && ifMatch !== String(before.version)) throw stale(before.version)
    const faults = [...faultsOf(body), ...incompatibilities(before, body)]
    if (faults.length > 0) throw invalid(faults)
    const changed = await datasets.change(before, body, now)
    switch (changed.kind) {
      case 'done':
        return { status: 200, etag: String(changed.dataset.version), body: wireOf(changed.dataset) }
      case 'unknown':
        throw unknownDataset(params.name)
      case 'stale':
        throw ifMatch === undefined
          ? new Problem('conflict', 'somebody else changed the dataset; please try again')
          : stale(changed.version)
    }
  },
})

export const datasetRoutes = [createDataset, listDatasets, getDataset, changeDataset]

const stale = (version: number): Problem =>
  new Problem('precondition_failed', `expected If-Match to name the version "${version}"`)

function wireOf(of: Dataset) {
  const { workspaceId: _, manifestKey: __, ...dataset } = of
  return dataset
}
