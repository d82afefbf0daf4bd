import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Asset } from '../../../../local/deployer/assembly.ts'
import { assetStore, packAsset, pruneCache, zipFolder } from '../../../../local/deployer/assets.ts'

let folder: string
const s3 = mockClient(S3Client)
const ADDRESS = { endpoint: 'http://127.0.0.1:1', region: 'us-east-1' }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-assets-'))
  await mkdir(join(folder, 'code/deep'), { recursive: true })
  await writeFile(join(folder, 'code/index.mjs'), 'export const handler = 1')
  await writeFile(join(folder, 'code/deep/a.txt'), 'a')
  s3.reset()
})
afterEach(() => rm(folder, { recursive: true }))

const asset = (hash: string): Asset => ({
  hash,
  path: join(folder, 'code'),
  packaging: 'zip',
  bucket: 'assets',
  key: `${hash}.zip`,
})

describe('a zip', () => {
  test('is the same bytes for the same content, whenever and wherever it was written', async () => {
    await cp(join(folder, 'code'), join(folder, 'copy'), { recursive: true })
    await utimes(join(folder, 'copy/index.mjs'), 1, 1)
    await zipFolder(join(folder, 'code'), join(folder, 'a.zip'))
    await zipFolder(join(folder, 'copy'), join(folder, 'b.zip'))
    expect((await readFile(join(folder, 'a.zip'))).equals(await readFile(join(folder, 'b.zip')))).toBe(true)
  })

  test('holds every file by its path, with slashes', async () => {
    await zipFolder(join(folder, 'code'), join(folder, 'a.zip'))
    const bytes = (await readFile(join(folder, 'a.zip'))).toString('latin1')
    expect(bytes).toContain('deep/a.txt')
    expect(bytes).toContain('index.mjs')
  })

  test('is made once: a second packing takes what is in the cache', async () => {
    const cache = join(folder, 'cache')
    const packed = await packAsset(asset('h1'), cache)
    await writeFile(packed, 'marked')
    expect(await readFile(await packAsset(asset('h1'), cache), 'utf8')).toBe('marked')
  })

  test('made by several at once is whole, and nothing is left over', async () => {
    const cache = join(folder, 'cache')
    await Promise.all([1, 2, 3].map(() => packAsset(asset('h1'), cache)))
    expect(await readdir(cache)).toEqual(['h1.zip'])
  })
})

test('the cache loses what nobody used for two weeks', async () => {
  const cache = join(folder, 'cache')
  const now = new Date('2026-06-15T00:00:00Z')
  const day = 24 * 60 * 60
  for (const [hash, days] of [
    ['old', 15],
    ['young', 13],
  ] as const) {
    const file = await packAsset(asset(hash), cache)
    await utimes(file, now.getTime() / 1_000, now.getTime() / 1_000 - days * day)
  }
  await pruneCache(cache, now)
  expect(await readdir(cache)).toEqual(['young.zip'])
})

describe('uploading', () => {
  const notFound = Object.assign(new Error('no such key'), { name: 'NotFound' })

  test('sends what the bucket lacks and nothing that it has', async () => {
    s3.on(CreateBucketCommand).resolves({})
    s3.on(HeadObjectCommand, { Key: 'there.zip' }).resolves({})
    s3.on(HeadObjectCommand, { Key: 'missing.zip' }).rejects(notFound)
    s3.on(PutObjectCommand).resolves({})
    const store = assetStore(ADDRESS, join(folder, 'cache'))
    expect(await store.upload([asset('there'), asset('missing')])).toBe(1)
    const puts = s3.commandCalls(PutObjectCommand).map((it) => it.args[0].input)
    expect(puts.map(({ Bucket, Key }) => `${Bucket}/${Key}`)).toEqual(['assets/missing.zip'])
    expect(s3.commandCalls(CreateBucketCommand)).toHaveLength(1)
  })

  test('an asset of two stacks is sent once', async () => {
    s3.on(CreateBucketCommand).resolves({})
    s3.on(HeadObjectCommand).rejects(notFound)
    s3.on(PutObjectCommand).resolves({})
    const store = assetStore(ADDRESS, join(folder, 'cache'))
    await Promise.all([store.upload([asset('one')]), store.upload([asset('one')])])
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(1)
  })

  test('any other answer than "not there" is an error', async () => {
    s3.on(CreateBucketCommand).resolves({})
    s3.on(HeadObjectCommand).rejects(Object.assign(new Error('no'), { name: 'AccessDenied' }))
    await expect(assetStore(ADDRESS, folder).upload([asset('one')])).rejects.toThrow('no')
  })
})
