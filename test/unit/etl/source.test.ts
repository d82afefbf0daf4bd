import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { sourceText } from '../../../functions/etl/convert/source.ts'

const TEXT = `${Array.from({ length: 20_000 }, (_, index) => `${index},žluťoučký kůň`).join('\n')}\n`

async function* inPieces(data: Buffer, bytes = 10_000) {
  for (let at = 0; at < data.length; at += bytes) yield data.subarray(at, at + bytes)
}

async function read(data: Buffer, options: Partial<Parameters<typeof sourceText>[1]> = {}, piece?: number) {
  const source = sourceText(inPieces(data, piece), { encoding: 'utf-8', ...options })
  const pieces: Buffer[] = []
  for await (const chunk of source.chunks) pieces.push(chunk)
  return { text: Buffer.concat(pieces).toString(), digest: source.digest() }
}

describe('the source', () => {
  it.each([
    ['plain', Buffer.from(TEXT)],
    ['gzip', gzipSync(TEXT)],
    ['Zstandard', zstdCompressSync(TEXT)],
    ['gzip in two members', Buffer.concat([gzipSync(TEXT.slice(0, 5_000)), gzipSync(TEXT.slice(5_000))])],
    [
      'Zstandard in two frames',
      Buffer.concat([zstdCompressSync(TEXT.slice(0, 5_000)), zstdCompressSync(TEXT.slice(5_000))]),
    ],
    ['UTF-8 with a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(TEXT)])],
    ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
  ])('reads %s, whatever its name', async (_, data) => {
    const { text, digest } = await read(data)
    expect(text).toBe(TEXT)
    expect(digest).toMatchObject({ bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') })
  })

  it('is not confused by pieces of one byte', async () => {
    expect((await read(gzipSync('a,b\n'), {}, 1)).text).toBe('a,b\n')
    expect((await read(Buffer.from('\ufeffä', 'utf16le'), {}, 1)).text).toBe('ä')
    expect((await read(Buffer.alloc(0))).text).toBe('')
  })

  it('refuses what stands behind a compressed file', async () => {
    for (const data of [gzipSync(TEXT), zstdCompressSync(TEXT)])
      await expect(read(Buffer.concat([data, Buffer.from('more')]))).rejects.toMatchObject({ name: 'InputCorrupt' })
  })

  it('decodes what the dataset declares', async () => {
    expect((await read(Buffer.from([0x80, 0x31, 0x0a]), { encoding: 'windows-1252' })).text).toBe('€1\n')
  })

  const wrongChecksum = (() => {
    const data = Buffer.from(gzipSync(TEXT))
    data.writeUInt32LE(1, data.length - 8)
    return data
  })()

  it.each([
    ['a truncated gzip', gzipSync(TEXT).subarray(0, 2_000)],
    ['a truncated Zstandard', zstdCompressSync(TEXT).subarray(0, 2_000)],
    ['a wrong checksum', wrongChecksum],
  ])('refuses %s, which DuckDB takes for the end of the file', async (_, data) => {
    await expect(read(data)).rejects.toMatchObject({ name: 'InputCorrupt' })
  })

  it('refuses text that is not in its encoding', async () => {
    await expect(read(Buffer.from([0xd8]), { encoding: 'utf-16le' })).rejects.toMatchObject({ name: 'InputCorrupt' })
  })

  it('takes text at the limit, and not one byte more', async () => {
    expect((await read(Buffer.from('12345'), { maxTextBytes: 5 })).text).toBe('12345')
    await expect(read(Buffer.from('123456'), { maxTextBytes: 5 })).rejects.toMatchObject({ name: 'InputTooLarge' })
  })

  it('refuses a bomb long before it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(110 * 1024 ** 2))
    await expect(read(bomb)).rejects.toMatchObject({ name: 'InputTooLarge' })
  })

  it('passes on what reading fails with: that is not the fault of the file', async () => {
    async function* broken() {
      yield gzipSync(TEXT).subarray(0, 100)
      throw new Error('connection lost')
    }
    const { chunks } = sourceText(broken(), { encoding: 'utf-8' })
    const all = async () => {
      for await (const _ of chunks);
    }
    await expect(all()).rejects.toThrow('connection lost')
  })
})
