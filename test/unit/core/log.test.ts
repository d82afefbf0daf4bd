import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateApiKey } from '#core/api-key.ts'
import { createLogger, MAX_NOTES } from '#core/log.ts'
import { describeError } from '#core/log-error.ts'
import { systemRandom } from '#core/random.ts'
import { REDACTED } from '#core/redact.ts'
import { clockAt, logLines, NOW } from './doubles.ts'

function setUp() {
  const clock = clockAt(NOW)
  const output = logLines()
  return { clock, output, logger: createLogger({ name: 'links/api', clock, write: output.write }) }
}

describe('the log line', () => {
  it('is one for each invocation, with what was set, how long it took, and its metrics', () => {
    const { clock, output, logger } = setUp()
    const log = logger.begin({ requestId: 'request-1' })
    log.set({ route: 'createLink', status: 201 })
    log.set({ status: 409 })
    log.metric('countedClicks', 2)
    log.metric('countedClicks', 3)
    clock.advance(42)
    log.end()
    log.end()
    expect(output.lines).toEqual([
      {
        time: NOW,
        level: 'info',
        function: 'links/api',
        requestId: 'request-1',
        coldStart: true,
        route: 'createLink',
        status: 409,
        countedClicks: 5,
        durationMs: 42,
        _aws: {
          Timestamp: Date.parse(NOW),
          CloudWatchMetrics: [
            {
              Namespace: 'Backlot',
              Dimensions: [['function']],
              Metrics: [
                { Name: 'countedClicks', Unit: 'Count' },
                { Name: 'durationMs', Unit: 'Milliseconds' },
              ],
            },
          ],
        },
      },
    ])
  })

  it('holds every metric and dimension that its metric part names, as the embedded metric format asks', () => {
    const { output, logger } = setUp()
    const log = logger.begin()
    log.metric('bytes', 10, 'Bytes')
    log.end()
    const line = output.lines[0] ?? {}
    const { CloudWatchMetrics } = line['_aws'] as {
      CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[]
    }
    for (const { Dimensions, Metrics } of CloudWatchMetrics) {
      for (const name of Dimensions.flat()) expect(typeof line[name]).toBe('string')
      for (const { Name } of Metrics) expect(typeof line[Name]).toBe('number')
    }
  })

  it('marks only the first invocation as a cold start', () => {
    const { output, logger } = setUp()
    logger.begin().end()
    logger.begin().end()
    expect(output.lines.map((line) => line['coldStart'])).toEqual([true, false])
  })

  it('has the highest level of its notes', () => {
    const { output, logger } = setUp()
    const log = logger.begin()
    log.note('warn', 'limit not counted', { limitClass: 'read' })
    log.note('info', 'fine')
    log.end()
    expect(output.lines[0]).toMatchObject({
      level: 'warn',
      notes: [
        { level: 'warn', message: 'limit not counted', limitClass: 'read' },
        { level: 'info', message: 'fine' },
      ],
    })
  })

  it('is bounded in notes, and says how many it left out', () => {
    const { output, logger } = setUp()
    const log = logger.begin()
    for (let index = 0; index <= MAX_NOTES; index += 1) log.note('info', `note ${index}`)
    log.end()
    expect(output.lines[0]?.['notes']).toHaveLength(MAX_NOTES)
    expect(output.lines[0]?.['notesLeftOut']).toBe(1)
  })

  it('has no line feed, whatever it is given', () => {
    const { output, logger } = setUp()
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const log = logger.begin({ value })
        log.end()
      }),
    )
    expect(
      output
        .text()
        .split('\n')
        .every((line) => JSON.parse(line) !== undefined),
    ).toBe(true)
  })

  it('is written even when a field can not be, and says so', () => {
    const { output, logger } = setUp()
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    logger.begin({ requestId: 'request-1', cycle }).end()
    expect(output.lines[0]).toMatchObject({ requestId: 'request-1', function: 'links/api' })
    expect(output.lines[0]?.['unserialisable']).toMatch(/circular/)
  })
})

describe('secrets', () => {
  const key = generateApiKey(clockAt(NOW), systemRandom)
  const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl'

  it.each([
    ['an API key in a text', { url: `https://x/?key=${key.text}` }, key.secret],
    ['an API key in an error', { error: describeError(new Error(`no such key ${key.text}`)) }, key.secret],
    ['a bearer token', { header: 'Bearer abc.def' }, 'abc.def'],
    ['basic credentials', { header: 'basic dXNlcjpwYXNz' }, 'dXNlcjpwYXNz'],
    ['a JSON web token', { seen: `token ${jwt}` }, 'c2lnbmF0dXJl'],
    ['a header by its name', { headers: { Authorization: 'opaque-1' } }, 'opaque-1'],
    ['a cookie', { headers: { cookie: 'opaque-2' } }, 'opaque-2'],
    ['a password', { newPassword: 'opaque-3' }, 'opaque-3'],
    ['a client secret', { client_secret: ['opaque-4'] }, 'opaque-4'],
    ['a token', { refreshToken: 'opaque-5' }, 'opaque-5'],
  ])('never appear: %s', (_, fields, secret) => {
    const { output, logger } = setUp()
    const log = logger.begin(fields)
    log.set({ deep: [{ fields }] })
    log.note('warn', `seen Bearer ${key.text}`, fields)
    log.fail(new Error('outer', { cause: new Error(`inner ${key.text}`) }))
    log.end()
    expect(output.text()).toContain(REDACTED)
    expect(output.text()).not.toContain(secret)
    expect(output.text()).not.toContain(key.secret)
  })

  it('leave the public id of an API key, and names that only sound like one', () => {
    const { output, logger } = setUp()
    logger.begin({ key: key.text, secretId: 'backlot/kit', tokens: 5, monkey: 'x' }).end()
    expect(output.lines[0]).toMatchObject({
      key: `bk_${key.id}_${REDACTED}`,
      secretId: 'backlot/kit',
      tokens: 5,
      monkey: 'x',
    })
  })
})

describe('an error in the log', () => {
  it('has its name, message, stack and causes', () => {
    const error = new Error('outer', { cause: new TypeError('inner') })
    expect(describeError(error)).toMatchObject({
      name: 'Error',
      message: 'outer',
      stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
      cause: { name: 'TypeError', message: 'inner' },
    })
  })

  it('of the AWS SDK has what AWS support asks for', () => {
    const error = Object.assign(new Error('slow down'), {
      name: 'ThrottlingException',
      $metadata: { requestId: 'aws-1', httpStatusCode: 400, attempts: 3 },
    })
    expect(describeError(error)).toMatchObject({
      name: 'ThrottlingException',
      aws: { requestId: 'aws-1', status: 400, attempts: 3 },
    })
  })

  it('ends, also when it causes itself', () => {
    const error = new Error('loop')
    error.cause = error
    expect(JSON.stringify(describeError(error)).split('"loop"')).toHaveLength(5)
  })

  it('may be anything that was thrown', () => {
    expect(describeError('text')).toEqual({ name: 'NonError', message: 'text' })
    expect(describeError(undefined)).toEqual({ name: 'NonError', message: 'undefined' })
  })

  it('is bounded in length', () => {
    expect(describeError(new Error('x'.repeat(5_000))).message).toHaveLength(2_000)
  })
})
