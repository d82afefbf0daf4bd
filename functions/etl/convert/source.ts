/**
 * The text of a landed file: hashed as it came, decompressed, decoded to UTF-8, and cut off where it grows too large.
 * In Node and not in DuckDB, which takes truncated gzip and Zstandard and wrong checksums for the end of the file.
 * No AWS: bytes come from any iterable.
 */
import { createHash } from 'node:crypto'
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib'
import { InputFault } from './faults.ts'
import { ZstdFrames } from './zstd-frames.ts'

/** What one run reads: at 62 MB/s of network and 150 MB/s of conversion well within a function's 15 minutes. */
export const MAX_INPUT_BYTES = 2 * 1024 ** 3
/** What it may decompress to: with the rows written once more it fits the function's temporary storage. */
export const MAX_TEXT_BYTES = 4 * 1024 ** 3
/** Real text compresses 3 to 30 times; a bomb a thousand times. Small files may be anything. */
const MAX_RATIO = 200
const RATIO_FROM_BYTES = 100 * 1024 ** 2
/** Larger pieces than the stream's default: the guard copies what is left of each. */
const CHUNK_BYTES = 256 * 1024

const GZIP = Buffer.from([0x1f, 0x8b])
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])
const BYTE_ORDER_MARKS = [
  { mark: Buffer.from([0xef, 0xbb, 0xbf]), encoding: 'utf-8' },
  { mark: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { mark: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
] as const

export interface SourceOptions {
  /** WHATWG label, for a file without a byte order mark. */
  readonly encoding: string
  /** For tests. @default MAX_TEXT_BYTES */
  readonly maxTextBytes?: number
}

export interface SourceText {
  /** UTF-8 without a byte order mark, in pieces. @throws InputFault `InputCorrupt`, `InputTooLarge` */
  readonly chunks: AsyncIterable<Buffer>
  /** Of the file as it came; complete when `chunks` are read. */
  digest(): { readonly sha256: string; readonly bytes: number; readonly textBytes: number }
}

export function sourceText(file: AsyncIterable<Uint8Array>, options: SourceOptions): SourceText {
  const hash = createHash('sha256')
  const counts = { bytes: 0, textBytes: 0 }
  const raw = (async function* () {
    for await (const piece of file) {
      hash.update(piece)
      counts.bytes += piece.length
      if (counts.bytes > MAX_INPUT_BYTES)
        throw new InputFault('InputTooLarge', `expected a file of at most ${MAX_INPUT_BYTES} bytes`)
      yield piece
    }
  })()
  const limited = limit(decompressed(raw), counts, options.maxTextBytes ?? MAX_TEXT_BYTES)
  return {
    chunks: decoded(limited, options.encoding),
    digest: () => ({ ...counts, sha256: hash.copy().digest('hex') }),
  }
}

type Decompressor = Gunzip | ZstdDecompress

/** By the first bytes, whatever the file is called. */
async function* decompressed(raw: AsyncGenerator<Uint8Array>): AsyncGenerator<Buffer> {
  const { head, rest } = await peeked(raw, ZSTD.length)
  const isGzip = head.subarray(0, GZIP.length).equals(GZIP)
  if (!isGzip && !head.subarray(0, ZSTD.length).equals(ZSTD)) {
    for await (const piece of rest) yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    return
  }
  try {
    yield* isGzip
      ? unpacked(createGunzip({ chunkSize: CHUNK_BYTES }), rest)
      : unpacked(createZstdDecompress({ chunkSize: CHUNK_BYTES }), byFrame(rest))
  } catch (error) {
    throw corrupt(error)
  }
}

async function* unpacked(stream: Decompressor, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const fed = feed(stream, pieces)
  // What reading the file fails with is what the stream then fails with.
  fed.catch((error: Error) => stream.destroy(error))
  for await (const piece of stream) yield piece as Buffer
  await fed
}

/** What the stream does not take is dropped by Node in silence. */
async function feed(stream: Decompressor, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    stream.once('end', resolve)
  })
  let given = 0
  for await (const piece of pieces) {
    given += piece.length
    await Promise.race([written(stream, piece), ended])
    if (stream.bytesWritten < given)
      throw new InputFault('InputCorrupt', 'expected a compressed file, got something else behind it')
  }
  stream.end()
}

const written = (stream: Decompressor, piece: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(piece, (error) => (error ? reject(error) : resolve()))
  })

async function* byFrame(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames()
  for await (const piece of pieces) yield* frames.cut(piece)
  frames.end()
}

function corrupt(error: unknown): unknown {
  const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code ?? '') : ''
  if (!/^Z_|^ZSTD_/.test(code)) return error
  return new InputFault('InputCorrupt', `expected a whole compressed file, got ${code}`, { cause: error })
}

/** At least `count` bytes of the beginning, unless the file is shorter, and everything again. */
async function peeked<Piece extends Uint8Array>(
  pieces: AsyncGenerator<Piece>,
  count: number,
): Promise<{ readonly head: Buffer; readonly rest: AsyncGenerator<Piece | Buffer> }> {
  let head = Buffer.alloc(0)
  while (head.length < count) {
    const { value, done } = await pieces.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const rest = (async function* () {
    if (head.length > 0) yield head
    yield* pieces
  })()
  return { head, rest }
}

async function* limit(
  pieces: AsyncIterable<Buffer>,
  counts: { readonly bytes: number; textBytes: number },
  maxTextBytes: number,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    counts.textBytes += piece.length
    if (counts.textBytes > maxTextBytes)
      throw new InputFault('InputTooLarge', `expected at most ${maxTextBytes} bytes of text`)
    if (counts.textBytes > RATIO_FROM_BYTES && counts.textBytes > counts.bytes * MAX_RATIO)
      throw new InputFault('InputTooLarge', `expected a file that decompresses to at most ${MAX_RATIO} times its size`)
    yield piece
  }
}

async function* decoded(pieces: AsyncGenerator<Buffer>, declared: string): AsyncGenerator<Buffer> {
  const { head, rest } = await peeked(pieces, 3)
  const mark = BYTE_ORDER_MARKS.find((one) => head.subarray(0, one.mark.length).equals(one.mark))
  const encoding = mark?.encoding ?? declared
  let skip = mark?.mark.length ?? 0
  const decoder = encoding === 'utf-8' ? undefined : new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  for await (const piece of rest) {
    const part = piece.subarray(skip)
    skip = 0
    yield decoder === undefined ? part : text(decoder, part, encoding)
  }
  if (decoder !== undefined) yield text(decoder, undefined, encoding)
}

function text(decoder: InstanceType<typeof TextDecoder>, piece: Buffer | undefined, encoding: string): Buffer {
  try {
    return Buffer.from(decoder.decode(piece, { stream: piece !== undefined }))
  } catch (error) {
    throw new InputFault('InputCorrupt', `expected text in ${encoding}`, { cause: error })
  }
}
