/** Objects in one bucket: landed files, or the lake. What is written is never written again with other bytes. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3'
import { CONNECTION_TIMEOUT_MS, MAX_ATTEMPTS } from '#core/dynamo.ts'

/** Of a whole answer's headers. Files are larger and slower than what the kit's clients ask for. */
const REQUEST_TIMEOUT_MS = 120_000
/** Parallel downloads of a query, and some. */
const MAX_SOCKETS = 32
/** Read into memory, so that the SDK can send it again; larger ones are sent once, and the step is repeated. */
const REPEATABLE_BYTES = 32 * 1024 ** 2

export const objectsClient = (): S3Client =>
  new S3Client({
    maxAttempts: MAX_ATTEMPTS,
    // Checksums are given where the bytes are known; a presigned PUT must not ask for one that nobody can compute.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  })

export interface ObjectsStore {
  /** Undefined when there is no such object. */
  head(key: string): Promise<{ readonly etag: string; readonly size: number } | undefined>
  /** Undefined when there is no such object, or another one than `etag` says. */
  read(key: string, etag?: string): Promise<Readable | undefined>
  readJson(key: string): Promise<unknown>
  /** False when there is one already, which stays. */
  writeOnce(key: string, body: string | Uint8Array, contentType: string): Promise<boolean>
  /** `sha256` in hex: S3 refuses other bytes. Writing the same again changes nothing. */
  writeFile(key: string, path: string, bytes: number, sha256: string): Promise<void>
}

const isStatus = (error: unknown, ...statuses: readonly number[]): boolean =>
  statuses.includes((error as S3ServiceException | undefined)?.$metadata?.httpStatusCode ?? 0)

/** S3 quotes ETags, EventBridge does not. */
const unquoted = (etag: string | undefined): string => (etag ?? '').replaceAll('"', '')

export function createObjectsStore(client: S3Client, bucket: string): ObjectsStore {
  const read = async (key: string, etag?: string): Promise<Readable | undefined> => {
    try {
      const { Body } = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, ...(etag !== undefined && { IfMatch: `"${etag}"` }) }),
      )
      return Body as Readable | undefined
    } catch (error) {
      if (isStatus(error, 404, 412)) return undefined
      throw error
    }
  }
  return {
    read,
    async head(key) {
      try {
        const { ETag, ContentLength = 0 } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
        return { etag: unquoted(ETag), size: ContentLength }
      } catch (error) {
        if (isStatus(error, 404)) return undefined
        throw error
      }
    },
    async readJson(key) {
      const body = await read(key)
      if (body === undefined) return undefined
      const pieces: Buffer[] = []
      for await (const piece of body) pieces.push(piece as Buffer)
      return JSON.parse(Buffer.concat(pieces).toString()) as unknown
    },
    async writeOnce(key, body, contentType) {
      try {
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType, IfNoneMatch: '*' }),
        )
        return true
      } catch (error) {
        // 409: another one is being written at this moment, with the same condition.
        if (isStatus(error, 412, 409)) return false
        throw error
      }
    },
    async writeFile(key, path, bytes, sha256) {
      const body = bytes <= REPEATABLE_BYTES ? await readFile(path) : createReadStream(path)
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentLength: bytes,
          ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
        }),
      )
    },
  }
}
