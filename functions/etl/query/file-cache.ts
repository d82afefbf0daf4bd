/**
 * Files of the lake on the function's own disk. They never change, so a copy is right for ever; its name is the hash of
 * its bytes, which is checked when it is fetched. The least recently used go when there is too much.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ObjectsStore } from '../catalog/objects.store.ts'

export interface Cached {
  readonly key: string
  readonly bytes: number
  readonly sha256: string
}

export interface FileCache {
  /** Path of the file's copy. Use it, or link it elsewhere, before the next `trim`. */
  path(file: Cached): Promise<string>
  trim(): Promise<void>
}

export function createFileCache(lake: ObjectsStore, folder: string, maxBytes: number, now: () => Date): FileCache {
  return {
    async path(file) {
      const path = join(folder, file.sha256)
      const isThere = await utimes(path, now(), now()).then(
        () => true,
        () => false,
      )
      if (!isThere) await fetchFile(lake, file, folder, path)
      return path
    },
    async trim() {
      const names = await readdir(folder).catch(() => [])
      const files = await Promise.all(names.map(async (name) => ({ name, ...(await statOf(join(folder, name))) })))
      let total = files.reduce((sum, { size }) => sum + size, 0)
      for (const { name, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
        if (total <= maxBytes) return
        await rm(join(folder, name), { force: true })
        total -= size
      }
    },
  }
}

const statOf = async (path: string): Promise<{ readonly size: number; readonly mtimeMs: number }> => stat(path)

async function fetchFile(lake: ObjectsStore, file: Cached, folder: string, path: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const body = await lake.read(file.key)
  if (body === undefined) throw new Error(`expected the file ${file.key} of a manifest, got none`)
  const partial = `${path}.${randomUUID()}.partial`
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(piece: Buffer, _, done) {
      hash.update(piece)
      done(null, piece)
    },
  })
  try {
    await pipeline(body, hashing, createWriteStream(partial))
    const actual = hash.digest('hex')
    if (actual !== file.sha256) throw new Error(`expected ${file.key} with the hash ${file.sha256}, got ${actual}`)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}
