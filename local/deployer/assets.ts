/**
 * Uploads what templates refer to: each asset once, zipped once. A zip is named by CDK's hash of its content, so a
 * file that is in the cache or in the bucket is right and never made again.
 */
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ZipFile } from 'yazl'
import { type CloudAddress, clientFor } from '../aws.ts'
import type { Asset } from './assembly.ts'

/** Takes the place of the bootstrap stack's bucket: made by one call, named in the context `backlot:assets`. */
export const ASSET_BUCKET = 'backlot-assets'

const DAY_MS = 24 * 60 * 60 * 1_000
/** Zips that no deployment used for so long are removed; a branch switched back to within two weeks is still fast. */
const CACHE_KEPT_MS = 14 * DAY_MS
/** Readable by all, as Lambda requires of deployed files. The same for every file, so that zips are reproducible. */
const FILE_MODE = 0o100644
/** The first moment that a zip can express, written without a time zone. */
const ZIP_EPOCH = new Date(1980, 0, 1)

/** Zips a folder so that equal content gives equal bytes: sorted names, one time, one mode. */
export async function zipFolder(folder: string, target: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const zip = new ZipFile()
  for (const file of files)
    zip.addFile(file, relative(folder, file).split(sep).join('/'), {
      mtime: ZIP_EPOCH,
      mode: FILE_MODE,
      forceDosTimestamp: true,
    })
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(target))
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** The file to upload for an asset: the file itself, or its zip from the cache. */
export async function packAsset(asset: Asset, cache: string): Promise<string> {
  if (asset.packaging === 'file') return asset.path
  await mkdir(cache, { recursive: true })
  const packed = join(cache, `${asset.hash}.zip`)
  if (await exists(packed)) {
    const now = new Date()
    await utimes(packed, now, now)
    return packed
  }
  // Somebody else may pack the same asset at this moment: each writes its own file, the rename is atomic.
  const partial = `${packed}.${randomUUID()}.partial`
  await zipFolder(asset.path, partial)
  await rename(partial, packed)
  return packed
}

/** Removes zips that were not used for two weeks. */
export async function pruneCache(cache: string, now: Date): Promise<void> {
  const names = await readdir(cache).catch(() => [])
  await Promise.all(
    names.map(async (name) => {
      const file = join(cache, name)
      const { mtimeMs } = await stat(file)
      if (now.getTime() - mtimeMs > CACHE_KEPT_MS) await rm(file, { force: true })
    }),
  )
}

const isNotFound = (error: unknown): boolean =>
  error instanceof Error && ['NotFound', 'NoSuchKey', '404'].includes(error.name)

export interface AssetStore {
  /** Uploads the assets that the bucket lacks; says how many that were. */
  upload(assets: readonly Asset[]): Promise<number>
}

/** The asset bucket of one cloud. Calls for the same key share one upload. */
export function assetStore(address: CloudAddress, cache: string): AssetStore {
  const s3 = new S3Client({ ...clientFor(address), forcePathStyle: true })
  const buckets = new Map<string, Promise<unknown>>()
  const uploads = new Map<string, Promise<boolean>>()

  const ensureBucket = (bucket: string) => {
    const known = buckets.get(bucket)
    if (known) return known
    const made = s3.send(new CreateBucketCommand({ Bucket: bucket }))
    buckets.set(bucket, made)
    return made
  }

  const uploadOne = async (asset: Asset): Promise<boolean> => {
    await ensureBucket(asset.bucket)
    const at = { Bucket: asset.bucket, Key: asset.key }
    const there = await s3.send(new HeadObjectCommand(at)).then(
      () => true,
      (error: unknown) => {
        if (isNotFound(error)) return false
        throw error
      },
    )
    if (there) return false
    await s3.send(new PutObjectCommand({ ...at, Body: await readFile(await packAsset(asset, cache)) }))
    return true
  }

  return {
    async upload(assets) {
      const done = assets.map((asset) => {
        const id = `${asset.bucket}/${asset.key}`
        const upload = uploads.get(id) ?? uploadOne(asset)
        uploads.set(id, upload)
        return upload
      })
      return (await Promise.all(done)).filter(Boolean).length
    },
  }
}
