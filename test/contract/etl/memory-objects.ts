/** A bucket in memory: written once, read as often as one likes. */
import { Readable } from 'node:stream'
import type { ObjectsStore } from '../../../functions/etl/catalog/objects.store.ts'

export function memoryObjects(): ObjectsStore & { readonly keys: () => readonly string[] } {
  const objects = new Map<string, Buffer>()
  return {
    keys: () => [...objects.keys()].sort(),
    async head(key) {
      const body = objects.get(key)
      return body === undefined ? undefined : { etag: 'etag', size: body.length }
    },
    async read(key, etag) {
      const body = objects.get(key)
      return body === undefined || (etag !== undefined && etag !== 'etag') ? undefined : Readable.from([body])
    },
    async readJson(key) {
      const body = objects.get(key)
      return body === undefined ? undefined : (JSON.parse(body.toString()) as unknown)
    },
    async writeOnce(key, body) {
      if (objects.has(key)) return false
      objects.set(key, Buffer.from(body))
      return true
    },
    async writeFile(key, path) {
      const { readFile } = await import('node:fs/promises')
      objects.set(key, await readFile(path))
    },
  }
}
