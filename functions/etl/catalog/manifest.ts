/**
 * A manifest: the files that a dataset consists of at one moment. It is never changed; publishing writes the next one and
 * moves the dataset's pointer. The same run on the same manifest gives the same bytes. Pure.
 */
import { createHash } from 'node:crypto'
import * as z from 'zod'

const columnStats = z.object({ min: z.string().optional(), max: z.string().optional(), nulls: z.int().min(0) })

const fileSchema = z.object({
  /** In the lake bucket. */
  key: z.string(),
  /** `country=DE/occurredAt_day=2026-11-21`; empty without partitions. */
  part: z.string(),
  rows: z.int().positive(),
  bytes: z.int().positive(),
  sha256: z.string().length(64),
  runId: z.string(),
  /** Of the manifest that brought it in: of rows with one key, those of the later file win. */
  since: z.int().positive(),
  /** Of every column that the file has. */
  columns: z.record(z.string(), columnStats),
})
export type ManifestFile = z.infer<typeof fileSchema>

export const manifestSchema = z.object({
  format: z.literal(1),
  dataset: z.string(),
  workspaceId: z.string(),
  version: z.int().positive(),
  /** Key of the manifest before it; null of the first. */
  previous: z.string().nullable(),
  /** The run that it was written for. */
  runId: z.string(),
  files: z.array(fileSchema),
})
export type Manifest = z.infer<typeof manifestSchema>

export type WriteMode = 'append' | 'replacePartitions' | 'replaceAll'

export interface Addition {
  readonly runId: string
  readonly mode: WriteMode
  readonly files: readonly Omit<ManifestFile, 'since' | 'runId'>[]
  /** Of corrections: the manifest of the run that they belong to. They are added, and rank as if they had come with it. */
  readonly since?: number
}

export interface Current {
  readonly workspaceId: string
  readonly dataset: string
  /** 0 before the first. */
  readonly version: number
  readonly key: string | undefined
  readonly files: readonly ManifestFile[]
}

/** The next manifest. Files of the run itself are replaced, so that applying it twice changes nothing but the version. */
export function nextManifest(current: Current, addition: Addition): Manifest {
  const version = current.version + 1
  const { runId, since } = addition
  const mode = since === undefined ? addition.mode : 'append'
  const parts = new Set(addition.files.map(({ part }) => part))
  const kept = current.files.filter(
    (file) => file.runId !== runId && mode !== 'replaceAll' && !(mode === 'replacePartitions' && parts.has(file.part)),
  )
  return {
    format: 1,
    dataset: current.dataset,
    workspaceId: current.workspaceId,
    version,
    previous: current.key ?? null,
    runId,
    files: [...kept, ...addition.files.map((file) => ({ ...file, runId, since: addition.since ?? version }))],
  }
}

/** Whether rows that belong to the manifest `since` come too late: what they stood among was replaced by later ones. */
export function isSuperseded({ files: current }: Current, mode: WriteMode, { files, since = 0 }: Addition): boolean {
  const parts = new Set(files.map(({ part }) => part))
  const later = current.filter((file) => file.since > since)
  switch (mode) {
    case 'append':
      return false
    case 'replacePartitions':
      return later.some(({ part }) => parts.has(part))
    case 'replaceAll':
      return later.length > 0
  }
}

/** As it is stored, and its hash, which is part of its key. */
export function serialised(manifest: Manifest): { readonly body: string; readonly sha256: string } {
  const body = JSON.stringify(manifest)
  return { body, sha256: createHash('sha256').update(body).digest('hex') }
}

export const totalsOf = ({ files }: { readonly files: readonly ManifestFile[] }) => ({
  rows: files.reduce((sum, { rows }) => sum + rows, 0),
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  files: files.length,
})
