import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { expect, inject, it } from 'vitest'
import { createObjectsStore } from '../../../functions/etl/catalog/objects.store.ts'
import { createFileCache } from '../../../functions/etl/query/file-cache.ts'
import { clientFor } from '../../../local/aws.ts'

const outputs = inject('outputs')
const lake = createObjectsStore(
  new S3Client({ ...clientFor(outputs), forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' }),
  outputs.stacks['Etl']?.['LakeBucket'] ?? '',
)
const newKey = () => `test/${randomUUID()}`
const sha = (text: string) => createHash('sha256').update(text).digest('hex')

it('writes an object once, however many write at once', async () => {
  const key = newKey()
  const first = await Promise.all(['a', 'b', 'c'].map((body) => lake.writeOnce(key, `"${body}"`, 'application/json')))
  expect(first.filter(Boolean)).toHaveLength(1)
  expect(['a', 'b', 'c']).toContain(await lake.readJson(key))
})

it('reads the object that was meant, or none', async () => {
  const key = newKey()
  expect(await lake.head(key)).toBeUndefined()
  expect(await lake.read(key)).toBeUndefined()
  await lake.writeOnce(key, '1', 'application/json')
  const head = await lake.head(key)
  expect(head?.size).toBe(1)
  expect(await lake.read(key, head?.etag)).toBeDefined()
  expect(await lake.read(key, '0'.repeat(32))).toBeUndefined()
})

it('keeps copies of files, checked by their hash, and lets the oldest go', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'backlot-etl-'))
  try {
    const texts = ['first file', 'second one']
    const files = await Promise.all(
      texts.map(async (text, index) => {
        const path = join(folder, `source-${index}`)
        await writeFile(path, text)
        const file = { key: newKey(), bytes: text.length, sha256: sha(text) }
        await lake.writeFile(file.key, path, file.bytes, file.sha256)
        return file
      }),
    )
    let time = 0
    const cache = createFileCache(lake, join(folder, 'cache'), 10, () => new Date(++time * 1_000))
    const [first, second] = files
    if (first === undefined || second === undefined) throw new Error('expected two files')
    const path = await cache.path(first)
    expect(await cache.path(first)).toBe(path)
    await cache.path(second)
    await cache.trim()
    await rm(join(folder, 'cache', second.sha256))
    await expect(rm(path)).rejects.toThrow('ENOENT')
    await expect(cache.path({ ...first, sha256: sha('other') })).rejects.toThrow('with the hash')
  } finally {
    await rm(folder, { recursive: true })
  }
})
