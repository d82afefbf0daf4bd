/**
 * DuckDB for functions: loads the native module from where it is (the layer `/opt/nodejs`, or the function's own folder
 * where layers are not mounted) and opens one instance at a time with settings that every use of ours shares. The
 * module is loaded at the first instance, not at cold start. `require`, because Lambda's layers are found by `NODE_PATH`,
 * which ES imports do not read.
 */
import { createRequire } from 'node:module'
import type * as DuckDb from '@duckdb/node-api'

export type DuckDbConnection = DuckDb.DuckDBConnection

export interface DuckDbOptions {
  /** Below the function's memory: DuckDB goes 100–450 MB above it (measured), and Node needs its own. */
  readonly memoryMb: number
  /** Where it may spill to; made and removed by the caller. */
  readonly temporaryFolder: string
  /** @default 4096 */
  readonly temporaryMb?: number
  readonly threads: number
}

const DEFAULT_TEMPORARY_MB = 4_096

let module: typeof DuckDb | undefined

function duckDb(): typeof DuckDb {
  module ??= createRequire(import.meta.url)('@duckdb/node-api') as typeof DuckDb
  return module
}

/**
 * Runs `work` on a new in-memory instance and closes it, whatever happens. Nothing is loaded from the network: the
 * extensions that exist are linked in, all others are refused.
 */
export async function withDuckDb<T>(
  options: DuckDbOptions,
  work: (connection: DuckDbConnection) => Promise<T>,
): Promise<T> {
  const { memoryMb, temporaryFolder, threads, temporaryMb = DEFAULT_TEMPORARY_MB } = options
  const instance = await duckDb().DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryMb}MB`,
    temp_directory: temporaryFolder,
    max_temp_directory_size: `${temporaryMb}MB`,
    home_directory: temporaryFolder,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  try {
    const connection = await instance.connect()
    try {
      // Instants are written and shown in UTC whatever the machine's time zone is.
      await connection.run("SET TimeZone = 'UTC'")
      return await work(connection)
    } finally {
      connection.closeSync()
    }
  } finally {
    instance.closeSync()
  }
}

/** Rows as objects; integers beyond 2^53 and decimals as text. */
export async function rowsOf(connection: DuckDbConnection, sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJson()
}

/** A text literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A quoted name. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`
