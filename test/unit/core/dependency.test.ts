import {
  ConditionalCheckFailedException,
  InternalServerError,
  ProvisionedThroughputExceededException,
  RequestLimitExceeded,
  ResourceNotFoundException,
  ThrottlingException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb'
import { InternalException } from '@aws-sdk/client-eventbridge'
import { InternalServiceError } from '@aws-sdk/client-secrets-manager'
import { RequestThrottled } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { dependencyProblem, isUnavailable } from '#core/dependency.ts'

const given = { message: 'as AWS says it', $metadata: { httpStatusCode: 400 } }
const cancelled = (...codes: (string | undefined)[]) =>
  new TransactionCanceledException({
    ...given,
    CancellationReasons: codes.map((Code) => (Code === undefined ? {} : { Code })),
  })
const coded = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

describe('a dependency that is not available', () => {
  it.each([
    new ThrottlingException(given),
    new ProvisionedThroughputExceededException(given),
    new RequestLimitExceeded(given),
    new InternalServerError(given),
    new TransactionConflictException(given),
    new InternalServiceError(given),
    new InternalException(given),
    new RequestThrottled(given),
    cancelled('TransactionConflict', 'None'),
    cancelled('None', 'ThrottlingError'),
    cancelled('ProvisionedThroughputExceeded', undefined),
    coded('ECONNREFUSED'),
    coded('ECONNRESET'),
    coded('EPIPE'),
    coded('ENOTFOUND'),
    coded('EAI_AGAIN'),
    coded('ETIMEDOUT'),
    Object.assign(new Error('no answer in time'), { name: 'TimeoutError' }),
    Object.assign(new Error('bad gateway'), { name: 'UnknownError', $metadata: { httpStatusCode: 502 } }),
    Object.assign(new Error('too many'), { name: 'UnknownError', $metadata: { httpStatusCode: 429 } }),
    new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')], ''),
  ])('is told by %o', (error) => {
    const problem = dependencyProblem(error)
    expect(problem?.code).toBe('dependency_unavailable')
    expect(problem?.status).toBe(503)
    expect(problem?.headers).toEqual({ 'retry-after': '2' })
    expect(problem?.cause).toBe(error)
    // What failed is nobody's business outside.
    expect(problem?.detail).not.toContain('AWS')
  })
})

describe('another fault', () => {
  it.each([
    new ConditionalCheckFailedException(given),
    new ResourceNotFoundException(given),
    cancelled('ConditionalCheckFailed', 'None'),
    // The condition would fail again, whatever else was in the way.
    cancelled('ConditionalCheckFailed', 'TransactionConflict'),
    cancelled('ValidationError', 'ThrottlingError'),
    cancelled(),
    cancelled('None'),
    coded('ERR_INVALID_ARG_TYPE'),
    new AggregateError([coded('ECONNREFUSED'), new TypeError('bug')], ''),
    new AggregateError([], ''),
    new TypeError('bug'),
    'text',
    undefined,
    null,
  ])('is not taken for one: %o', (error) => {
    expect(isUnavailable(error)).toBe(false)
    expect(dependencyProblem(error)).toBeUndefined()
  })
})
