import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type SynthOptions, synthesise } from '../../../../local/deployer/synth.ts'

/** An app that counts how often it runs, and fails when it is told to. */
const APP = `import { appendFileSync, writeFileSync } from 'node:fs'
  appendFileSync(process.env.RUNS, 'x')
  if (process.env.CDK_TEST_FAILS) throw new Error('told to fail')
  writeFileSync(process.env.CDK_OUTDIR + '/manifest.json', '{"artifacts":{}}')`

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backlot-synth-'))
  await write('cdk.json', '{"context":{"a":1}}')
  await write('infra/app.ts', APP)
  await write('functions/links/link.ts', '')
})
afterEach(() => rm(root, { recursive: true }))

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, name)), { recursive: true })
  await writeFile(join(root, name), text)
}

const synth = (options: Partial<SynthOptions> = {}) =>
  synthesise({
    root,
    outdir: join(root, 'out'),
    context: { env: 'local' },
    reuse: true,
    ...options,
    environment: { RUNS: join(root, 'runs'), ...options.environment },
  })
const runs = async () => (await readFile(join(root, 'runs'), 'utf8')).length

describe('a synthesis', () => {
  test('of the same again takes what is there, unless it is not to be reused', async () => {
    await synth()
    await synth()
    expect(await runs()).toBe(1)
    await synth({ reuse: false })
    expect(await runs()).toBe(2)
  })

  test.each([
    'functions/links/link.ts',
    'functions/links/new.ts',
    'layers/core/deep/er/page.html',
    'infra/links.ts',
    'docs/openapi/backlot.json',
    'package-lock.json',
    'node_modules/.package-lock.json',
  ])('runs the app when %s changed', async (name) => {
    await synth()
    await write(name, '// changed')
    await synth()
    expect(await runs()).toBe(2)
  })

  test('runs the app when a setting changed: context, a variable, cdk.json', async () => {
    await synth()
    await synth({ context: { env: 'dev' } })
    await synth({ context: { env: 'dev' }, environment: { BACKLOT_PORT: '5000' } })
    await write('cdk.json', '{"context":{"a":2}}')
    await synth({ context: { env: 'dev' }, environment: { BACKLOT_PORT: '5000' } })
    expect(await runs()).toBe(4)
  })

  test('that failed leaves nothing to reuse', async () => {
    const failing = { environment: { CDK_TEST_FAILS: '1' } }
    await expect(synth(failing)).rejects.toMatchObject({ code: 'synth_failed' })
    await expect(synth(failing)).rejects.toThrow('told to fail')
    expect(await runs()).toBe(2)
  })
})
