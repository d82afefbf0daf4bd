import aws4 from 'aws4'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createSigner, type SignerOptions } from '../../../functions/links/redirect/aws-signature.ts'
import { anyText } from './any-text.ts'

const OPTIONS: SignerOptions = {
  service: 'dynamodb',
  region: 'eu-west-1',
  host: 'dynamodb.eu-west-1.amazonaws.com',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
}
const NOW = new Date('2026-11-21T10:15:00.123Z')

const asObject = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(Array.from({ length: list.length / 2 }, (_, index) => [list[2 * index], list[2 * index + 1]]))

/** The same request, signed by the library. */
function byAws4({ service, region, host, credentials }: SignerOptions, target: string, body: string, now: Date) {
  const date = now.toISOString().replace(/[:-]|\.\d{3}/g, '')
  const headers = {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': target,
    'X-Amz-Date': date,
    Host: host,
    'Content-Length': String(Buffer.byteLength(body)),
  }
  const extraHeadersToIgnore = { 'content-length': true }
  const request = { service, region, method: 'POST', path: '/', headers, body, extraHeadersToIgnore }
  return aws4.sign(request, credentials).headers
}

it('signs as aws4 does', () => {
  const sign = createSigner(OPTIONS)
  expect(asObject(sign('DynamoDB_20120810.GetItem', '{"a":1}', NOW))).toEqual(
    byAws4(OPTIONS, 'DynamoDB_20120810.GetItem', '{"a":1}', NOW),
  )
})

it('signs as aws4 does, whatever is sent, with and without a session token, on any day', () => {
  const signers = [
    OPTIONS,
    { ...OPTIONS, credentials: { ...OPTIONS.credentials, sessionToken: 'FwoGZXIvYXdzE/+token==' } },
    { ...OPTIONS, service: 'sqs', host: '127.0.0.1:4566' },
  ].map((options) => ({ options, sign: createSigner(options) }))
  fc.assert(
    fc.property(
      fc.constantFrom(...signers),
      anyText(),
      fc.date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
      ({ options, sign }, body, now) => {
        const target = 'AmazonSQS.SendMessage'
        expect(asObject(sign(target, body, now))).toEqual(byAws4(options, target, body, now))
      },
    ),
  )
})

it('changes its key when the day changes', () => {
  const sign = createSigner(OPTIONS)
  const days = ['2026-11-21T23:59:59Z', '2026-11-22T00:00:00Z', '2026-11-21T23:59:59Z'].map((day) => new Date(day))
  for (const day of days) expect(asObject(sign('T.x', '{}', day))).toEqual(byAws4(OPTIONS, 'T.x', '{}', day))
})
