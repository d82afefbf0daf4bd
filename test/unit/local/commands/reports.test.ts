import { describe, expect, test } from 'vitest'
import { type Check, runChecks } from '../../../../local/commands/check.ts'
import { invocationReport, overview } from '../../../../local/commands/invoke.ts'
import { describeStatus } from '../../../../local/commands/status.ts'
import { closingLine } from '../../../../local/commands/tally.ts'
import { rebuildReport } from '../../../../local/commands/watch.ts'
import { homeAt } from '../../../../local/home.ts'
import { nearest } from '../../../../local/names.ts'

describe('an invocation', () => {
  const invocation = {
    failed: false,
    result: { statusCode: 200, body: '{"a":1}' },
    log: ['{"level":"info"}'],
    durationMs: 12.4,
  }

  test('shows the result with its JSON body unfolded, the log and the duration', () => {
    expect(invocationReport('links/api', invocation)).toBe(
      [
        '✓ links/api answered in 12 ms',
        '{\n  "statusCode": 200,\n  "body": {\n    "a": 1\n  }\n}',
        '',
        'Log:',
        '  {"level":"info"}',
      ].join('\n'),
    )
  })

  test('that failed says so', () => {
    const failed = { ...invocation, failed: true, result: { errorType: 'TypeError' }, log: [] }
    expect(invocationReport('links/api', failed)).toBe('✗ links/api failed in 12 ms\n{\n  "errorType": "TypeError"\n}')
  })

  test('keeps a body that only looks like JSON', () => {
    expect(invocationReport('x', { ...invocation, result: { body: '[half' } })).toContain('"body": "[half"')
  })
})

test('without arguments the functions are listed, each with its fixtures', () => {
  const fixtures = ['events/links/api.create.json', 'events/links/redirect.get.json']
  expect(overview(['links/api', 'links/redirect', 'docs/api'], fixtures).split('\n').slice(2)).toEqual([
    '  links/api',
    '      events/links/api.create.json',
    '  links/redirect',
    '      events/links/redirect.get.json',
    '  docs/api',
  ])
})

describe('names', () => {
  const known = ['links/redirect', 'links/api', 'docs/api', 'links/count-clicks']

  test.each([
    ['links/redirct', 'links/redirect'],
    ['redirect', 'links/redirect'],
    ['link/api', 'links/api'],
    ['doc/api', 'docs/api'],
  ])('%s is taken for %s', (name, expected) => {
    expect(nearest(name, known)[0]).toBe(expected)
  })

  test('at most three are suggested', () => {
    expect(nearest('', known)).toHaveLength(3)
  })
})

describe('the status', () => {
  const status = {
    state: 'ready',
    pid: 4711,
    background: true,
    startedAt: '2026-01-01T00:00:00.000Z',
    endpoint: 'http://127.0.0.1:4566',
    edgeUrl: 'http://localhost:4000',
    ownLocalStack: true,
    hotReload: false,
  } as const
  const health = { edge: 'answers in 9 ms', localStack: 'answers in 3 ms' }
  const now = new Date('2026-01-01T00:01:05.000Z')

  test('tells what runs, since when, how it is and where', () => {
    const text = describeStatus(status, health, homeAt('/home/x'), now)
    expect(text).toContain('is ready, in the background, process 4711, for 1 min 05 s')
    expect(text).toMatch(/Edge +http:\/\/localhost:4000 +answers in 9 ms/)
    expect(text).toMatch(/LocalStack +http:\/\/127\.0\.0\.1:4566 +answers in 3 ms/)
    expect(text).toMatch(/Deployed +nothing yet/)
    expect(text).toContain('/home/x/outputs.json')
  })

  test('tells the last deployment', () => {
    const lastDeployment = { at: '2026-01-01T00:00:30.000Z', stacks: ['Links updated', 'Docs unchanged'] }
    expect(describeStatus({ ...status, lastDeployment }, health, homeAt('/x'), now)).toMatch(
      /Deployed +2026-01-01T00:00:30\.000Z {2}Links updated, Docs unchanged/,
    )
  })

  test('does not call a cloud its own that was not started here', () => {
    expect(describeStatus({ ...status, ownLocalStack: false }, health, homeAt('/x'), now)).toContain('AWS endpoint')
  })
})

describe('checks', () => {
  const check = (name: string, state: 'passed' | 'failed' | 'skipped', output = ''): Check => ({
    name,
    run: async () => ({ state, output }),
  })

  test('are counted; the output of those that passed is not shown', async () => {
    const printed: string[] = []
    const thrower: Check = { name: 'thrower', run: () => Promise.reject(new Error('no such tool')) }
    const checks = [
      check('good', 'passed', 'noise'),
      check('bad', 'failed', 'line 1\nline 2\n'),
      check('audit', 'skipped', 'no network'),
      thrower,
    ]
    expect(await runChecks(checks, 1, (text) => printed.push(text))).toEqual({ passed: 1, failed: 2, skipped: 1 })
    const text = printed.join('\n')
    expect(text).not.toContain('noise')
    expect(text).toContain('  line 1\n  line 2')
    expect(printed.filter((line) => line.includes('no network'))).toHaveLength(1)
    expect(text).toContain('no such tool')
  })

  test('run no more than the given number at once, and all of them', async () => {
    let [running, most, done] = [0, 0, 0]
    const slow: Check = {
      name: 'slow',
      async run() {
        running += 1
        most = Math.max(most, running)
        await new Promise(setImmediate)
        running -= 1
        done += 1
        return { state: 'passed', output: '' }
      },
    }
    await runChecks(
      Array.from({ length: 6 }, () => slow),
      2,
      () => {},
    )
    expect([most, done]).toEqual([2, 6])
  })
})

test.each([
  [{ passed: 3, failed: 0, skipped: 0 }, '3 passed, 0 failed'],
  [{ passed: 3, failed: 1, skipped: 2 }, '3 passed, 1 failed, 2 skipped'],
])('the closing line of %j', (count, line) => {
  expect(closingLine(count)).toBe(line)
})

describe('a rebuild', () => {
  const changed = [{ service: 'links', name: 'redirect' }]

  test('names the functions that changed and the time', () => {
    expect(rebuildReport({ changed, errors: [], durationMs: 38.4 }, false)).toEqual([
      '✓ links/redirect rebuilt in 38 ms',
    ])
  })

  test('that changed nothing is not worth a line, except after an error', () => {
    expect(rebuildReport({ changed: [], errors: [], durationMs: 5 }, false)).toEqual([])
    expect(rebuildReport({ changed: [], errors: [], durationMs: 5 }, true)).toEqual([
      '✓ compiles again; nothing changed',
    ])
  })

  test('with an error says that the code before stays', () => {
    const errors = ['functions/links/link.ts:3: Expected ";"']
    const [first, second] = rebuildReport({ changed: [], errors, durationMs: 5 }, false)
    expect(first).toContain('stays live')
    expect(second).toContain('functions/links/link.ts:3')
  })
})
