/** What one query may use. The function's memory and DuckDB's share of it are in `infra/etl.ts`. */

/** Below API Gateway's 29 s, with time to answer. */
export const MAX_QUERY_MS = 20_000
/** Of the files that a query reads after pruning: what fits into a function's temporary storage and is fetched in time. */
export const MAX_QUERY_BYTES = 512 * 1024 ** 2
/** Files after pruning: each is a request. */
export const MAX_QUERY_FILES = 2_000
/** Lambda answers at most 6 MB; as text in JSON in JSON the answer can be twice as long. */
export const MAX_RESULT_BYTES = 2_500_000
export const MAX_RESULT_ROWS = 10_000
export const DEFAULT_RESULT_ROWS = 1_000
/** Of spilled data. */
export const SPILL_MB = 1_024
/** Files kept between queries of one environment. */
export const CACHE_BYTES = 1024 ** 3
export const MAX_SQL_LENGTH = 100_000
