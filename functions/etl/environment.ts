/** The environment variables of this service's functions: set by `infra/etl.ts`, read once at cold start. */
import { defineEnvironment } from '#core/environment.ts'
import { KIT_VARIABLES } from '#core/kit-environment.ts'

/**
 * `ETL_TABLE` is a table name, `LANDING_BUCKET` and `LAKE_BUCKET` are bucket names, `RUNS_MACHINE` is the state machine's
 * ARN, `QUERY_FUNCTION` a function name, `DUCKDB_MEMORY_MB` a number, `EVENT_BUS` the bus's name.
 */
export const apiEnvironment = defineEnvironment([
  'ETL_TABLE',
  'LANDING_BUCKET',
  'LAKE_BUCKET',
  'QUERY_FUNCTION',
  ...KIT_VARIABLES,
])
export const startRunEnvironment = defineEnvironment(['ETL_TABLE', 'RUNS_MACHINE'])
export const planEnvironment = defineEnvironment(['ETL_TABLE', 'LANDING_BUCKET'])
export const convertEnvironment = defineEnvironment(['ETL_TABLE', 'LANDING_BUCKET', 'LAKE_BUCKET', 'DUCKDB_MEMORY_MB'])
export const checkQualityEnvironment = defineEnvironment(['ETL_TABLE', 'LAKE_BUCKET'])
export const commitEnvironment = defineEnvironment(['ETL_TABLE', 'LAKE_BUCKET'])
export const announceEnvironment = defineEnvironment(['ETL_TABLE'])
export const failRunEnvironment = defineEnvironment(['ETL_TABLE', 'LAKE_BUCKET'])
export const queryEnvironment = defineEnvironment(['ETL_TABLE', 'LAKE_BUCKET', 'DUCKDB_MEMORY_MB'])
export const publishEventsEnvironment = defineEnvironment(['EVENT_BUS'])
export const landClicksEnvironment = defineEnvironment(['LANDING_BUCKET'])
