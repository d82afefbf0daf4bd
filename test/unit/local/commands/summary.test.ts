import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parseApiKey } from '#core/api-key.ts'
import { firstCurls, summary } from '../../../../local/commands/summary.ts'
import { DEMO_SIGN_IN } from '../../../../local/demo-person.ts'
import { DEMO_API_KEY, DEMO_WORKSPACE } from '../../../../local/seed.ts'

const outputs = {
  endpoint: 'http://127.0.0.1:4566',
  region: 'us-east-1',
  edge: { url: 'http://localhost:4000' },
  stacks: { Platform: {}, Links: {}, Docs: {} },
  workspace: { id: DEMO_WORKSPACE.id, name: DEMO_WORKSPACE.name },
  apiKey: DEMO_API_KEY,
}
const options = { outputs, tookMs: 12_345, colour: false, background: false, hotReload: false }

test('the demo key is valid and the same for ever: the documentation shows it', () => {
  expect(DEMO_API_KEY).toBe('bk_01KDVDNA000000000000000000_000000000000000000000000000000003F4QB4W')
  expect(DEMO_WORKSPACE.id).toBe('wsp_01KDVDNA000000000000000000')
  expect(parseApiKey(DEMO_API_KEY)).toBeDefined()
})

describe('the summary', () => {
  test('names every address, the key, the time that it took and how to stop', () => {
    const text = summary(options)
    for (const part of ['http://localhost:4000', 'http://localhost:4000/docs', 'http://127.0.0.1:4566', DEMO_API_KEY])
      expect(text).toContain(part)
    for (const part of ['http://localhost:4000/auth/sign-in', DEMO_SIGN_IN.email, DEMO_SIGN_IN.password])
      expect(text).toContain(part)
    expect(text).toContain('Backlot is ready in 12.3 s')
    expect(text).toContain('Ctrl-C')
  })

  test('of a background cloud names the commands that end it', () => {
    const text = summary({ ...options, background: true })
    expect(text).toContain('npm run down')
    expect(text).not.toContain('Ctrl-C')
  })

  test('of a cloud of some stacks speaks of no others', () => {
    const text = summary({ ...options, outputs: { ...outputs, stacks: { Platform: {}, Tasks: {} } } })
    expect(text).not.toContain('/docs')
    expect(text).not.toContain('curl')
  })

  test('has colours only where they are wanted', () => {
    expect(summary(options)).not.toContain('\u001b')
    expect(summary({ ...options, colour: true })).toContain('\u001b[1mBacklot is ready')
  })
})

test('a shell reads the first curl as it is meant', async () => {
  const [create, follow] = firstCurls(outputs)
  const words = async (line: string) => {
    const { stdout } = await promisify(execFile)('sh', ['-c', `curl() { printf '%s\\n' "$@"; }; ${line}`])
    return stdout.trimEnd().split('\n')
  }
  expect(await words(create)).toEqual([
    '-s',
    'http://localhost:4000/api/links/links',
    '-H',
    `Authorization: Bearer ${DEMO_API_KEY}`,
    '-H',
    'Content-Type: application/json',
    '-d',
    '{"url":"https://example.com/","slug":"hello"}',
  ])
  expect(await words(follow)).toEqual(['-si', 'http://localhost:4000/hello'])
})
