/** Presigned uploads to the landing bucket. Signs; sends nothing. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'

export interface UploadRequest {
  readonly key: string
  readonly bytes: number
  /** Of the bytes, in hex; S3 then refuses any others. */
  readonly sha256: string | undefined
}

export interface PresignedUpload {
  readonly url: string
  /** The upload has to send exactly these. */
  readonly headers: Readonly<Record<string, string>>
}

export type PresignUpload = (request: UploadRequest, expiresInSeconds: number) => Promise<PresignedUpload>

export const createPresignUpload =
  (client: S3Client, bucket: string): PresignUpload =>
  async ({ key, bytes, sha256 }, expiresIn) => {
    const checksum = sha256 === undefined ? undefined : Buffer.from(sha256, 'hex').toString('base64')
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      ContentLength: bytes,
      ...(checksum !== undefined && { ChecksumSHA256: checksum }),
    })
    const headers = {
      'content-length': String(bytes),
      ...(checksum !== undefined && { 'x-amz-checksum-sha256': checksum }),
    }
    const names = new Set(Object.keys(headers))
    const url = await getSignedUrl(client, command, { expiresIn, signableHeaders: names, unhoistableHeaders: names })
    return { url, headers }
  }
