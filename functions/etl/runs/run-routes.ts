/** The routes of runs: what became of each file, and what was kept aside of it. Uploads are in `upload-routes.ts`. */
import { answerPage } from '#core/pagination.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { quarantineKey } from '../catalog/keys.ts'
import { ROW_FAULTS } from '../convert/faults.ts'
import type { QuarantinedRow } from '../convert/quarantine.ts'
import type { EtlServices } from '../services.ts'
import { quarantinePage } from './quarantine-page.ts'
import type { Run } from './run.ts'
import { quarantineBody, quarantineQuery, runBody, runListBody, runListQuery, runParams } from './run-schemas.ts'

const route = routeOf<EtlServices>()

const RUNS = '/api/etl/runs'

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
    const body = await answerPage(cursors, scope, query, async (limit, after) => {
      const { runs: found, next } = await runs.list(workspaceId, query.dataset, limit, after)
      return { items: found.map(runWire), next }
    })
    return { status: 200, body }
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

const rowWire = ({ line, text, faults }: QuarantinedRow) => ({
  line,
  text,
  faults: faults.map(({ column, code }) => ({ column: column ?? null, code, detail: ROW_FAULTS[code] })),
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
    const body = await answerPage(cursors, scope, query, async (limit, skip) => {
      const file = await lake.read(quarantineKey(run.workspaceId, run.dataset, run.id))
      if (file === undefined) return { items: [] }
      const { rows, next } = await quarantinePage(file, limit, Number(skip ?? 0))
      return { items: rows.map(rowWire), next }
    })
    return { status: 200, body }
  },
})

export const runRoutes = [listRuns, getRun, listQuarantine]

export const unknownRun = (id: string): Problem =>
  new Problem('not_found', `this workspace has no run ${id.slice(0, 64)}`)

function runWire(run: Run) {
  const { workspaceId: _, version: __, traceparent: ___, manifestKey: ____, ...rest } = run
  const { counts, warnings = [], manifestVersion, duplicateOf, error, corrects, correctedBy } = run
  return {
    ...rest,
    counts: counts ?? null,
    warnings: [...warnings],
    manifestVersion: manifestVersion ?? null,
    duplicateOf: duplicateOf ?? null,
    error: error ?? null,
    corrects: corrects ?? null,
    correctedBy: correctedBy ?? null,
  }
}
