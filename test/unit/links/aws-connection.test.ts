import http from 'node:http'
import https from 'node:https'
import { expect, it, test } from 'vitest'
import { connection } from '../../../functions/links/redirect/aws-connection.ts'

const ENVIRONMENT = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
const ALL = 'http://127.0.0.1:4566'
const OWN = 'http://127.0.0.1:9999'

test.each([
  [{}, 'https://dynamodb.eu-west-1.amazonaws.com'],
  [{ AWS_ENDPOINT_URL: ALL }, ALL],
  [{ AWS_ENDPOINT_URL: ALL, AWS_ENDPOINT_URL_DYNAMODB: OWN, AWS_ENDPOINT_URL_SQS: 'x' }, OWN],
  [{ AWS_ENDPOINT_URL: '', AWS_ENDPOINT_URL_DYNAMODB: '' }, 'https://dynamodb.eu-west-1.amazonaws.com'],
])('the endpoint of %j is %s', async (variables, endpoint) => {
  expect((await connection('dynamodb', { ...ENVIRONMENT, ...variables })).endpoint).toBe(endpoint)
})

it('speaks TLS where the endpoint does', async () => {
  expect((await connection('sqs', ENVIRONMENT)).transport).toHaveProperty('request', https.request)
  expect((await connection('sqs', { ...ENVIRONMENT, AWS_ENDPOINT_URL: ALL })).transport).toHaveProperty(
    'request',
    http.request,
  )
})

it('signs with the session token where there is one', async () => {
  expect((await connection('sqs', ENVIRONMENT)).credentials).toEqual({ accessKeyId: 'a', secretAccessKey: 'b' })
  expect((await connection('sqs', { ...ENVIRONMENT, AWS_SESSION_TOKEN: 'c' })).credentials.sessionToken).toBe('c')
})

test.each(Object.keys(ENVIRONMENT))('says that %s is missing', async (name) => {
  const expected = name === 'AWS_REGION' ? 'AWS_DEFAULT_REGION' : name
  await expect(connection('sqs', { ...ENVIRONMENT, [name]: undefined })).rejects.toThrow(expected)
})
