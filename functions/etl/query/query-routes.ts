/** The query route. What a query may do is decided by the query function (`run-query.ts`). */
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import type { EtlServices } from '../services.ts'
import type { QueryAnswer, QueryRefusal } from './contract.ts'
import { queryBody, queryResultBody } from './query-schemas.ts'

const route = routeOf<EtlServices>()

const runQuery = route({
  method: 'POST',
  path: '/api/etl/query',
  operationId: 'runQuery',
  summary: 'Ask the published datasets with SQL',
  description:
    'One SELECT over the datasets of the workspace, each as it was published when the query began. Limited in time, ' +
    'memory, bytes read and size of the answer. It can read nothing else and change nothing.',
  permission: 'etl:read',
  body: queryBody,
  rateLimit: 'write',
  idempotent: false,
  answers: {
    200: {
      description: 'The rows; with the format `csv` as `text/csv`.',
      body: queryResultBody,
      otherwise: { contentType: 'text/csv; charset=utf-8', description: 'RFC 4180, with a header line.' },
      headers: { 'Backlot-Truncated': '`true` when there were more rows.' },
    },
  },
  problems: ['query_invalid', 'query_limit_exceeded'],
  async handle({ body, principal }, { askQuery }) {
    const answer = await askQuery({ ...body, workspaceId: principal.workspaceId })
    if (answer.kind === 'refused') throw problemOf(answer)
    const { kind: _, csv, rows, ...rest } = answer
    const headers = { 'Backlot-Truncated': String(answer.truncated) }
    if (csv === undefined) return { status: 200, headers, body: { ...rest, rows: rows ?? [] } }
    return { status: 200, headers: { ...headers, 'Content-Type': 'text/csv; charset=utf-8' }, body: csv }
  },
})

export const queryRoutes = [runQuery]

function problemOf({ code, detail }: Extract<QueryAnswer, { kind: 'refused' }>): Problem {
  return new Problem(isLimit(code) ? 'query_limit_exceeded' : 'query_invalid', detail, {
    errors: [{ pointer: '/sql', code, detail }],
  })
}

function isLimit(code: QueryRefusal): boolean {
  switch (code) {
    case 'time_limit':
    case 'memory_limit':
    case 'bytes_limit':
      return true
    case 'sql_invalid':
    case 'statement_not_allowed':
    case 'function_not_allowed':
    case 'table_not_allowed':
    case 'dataset_unknown':
      return false
    default:
      return code satisfies never
  }
}
