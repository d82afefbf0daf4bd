import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readAssembly } from '../../../../local/deployer/assembly.ts'
import { selectStacks, selectWithNeeded } from '../../../../local/deployer/deploy.ts'
import { synthError } from '../../../../local/deployer/synth.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-assembly-'))
})
afterEach(() => rm(folder, { recursive: true }))

const write = (name: string, value: unknown) => writeFile(join(folder, name), JSON.stringify(value))

async function twoStacks(): Promise<void> {
  await write('manifest.json', {
    version: '55.0.0',
    artifacts: {
      'Platform.assets': { type: 'cdk:asset-manifest', properties: { file: 'Platform.assets.json' } },
      Platform: {
        type: 'aws:cloudformation:stack',
        properties: { templateFile: 'Platform.template.json', stackName: 'backlot-platform' },
        dependencies: ['Platform.assets'],
      },
      'Links.assets': { type: 'cdk:asset-manifest', properties: { file: 'Links.assets.json' } },
      Links: {
        type: 'aws:cloudformation:stack',
        properties: { templateFile: 'Links.template.json', stackName: 'backlot-links' },
        dependencies: ['Platform', 'Links.assets'],
        additionalMetadataFile: 'Links.metadata.json',
      },
      Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
    },
  })
  await write('Platform.template.json', { Resources: {} })
  await write('Platform.assets.json', { files: {} })
  await write('Links.template.json', { Resources: { Queue: {} } })
  await write('Links.assets.json', {
    files: {
      abc: {
        source: { path: 'asset.abc', packaging: 'zip' },
        destinations: { here: { bucketName: 'backlot-assets', objectKey: 'abc.zip' } },
      },
    },
  })
  await write('Links.metadata.json', {
    '/Links/Clicks/Queue': [
      { type: 'aws:cdk:analytics:construct', data: '*' },
      { type: 'aws:cdk:logicalId', data: 'Queue' },
    ],
  })
}

test('an assembly is its stacks with templates, assets, dependencies and construct paths', async () => {
  await twoStacks()
  expect(await readAssembly(folder)).toEqual([
    {
      id: 'Platform',
      stackName: 'backlot-platform',
      template: '{"Resources":{}}',
      assets: [],
      dependencies: [],
      paths: new Map(),
    },
    {
      id: 'Links',
      stackName: 'backlot-links',
      template: '{"Resources":{"Queue":{}}}',
      assets: [
        { hash: 'abc', path: join(folder, 'asset.abc'), packaging: 'zip', bucket: 'backlot-assets', key: 'abc.zip' },
      ],
      dependencies: ['Platform'],
      paths: new Map([['Queue', 'Links/Clicks/Queue']]),
    },
  ])
})

test('a Docker image asset is refused: nothing here could build it', async () => {
  await twoStacks()
  await write('Links.assets.json', { files: {}, dockerImages: { img: {} } })
  await expect(readAssembly(folder)).rejects.toMatchObject({ code: 'unsupported_asset' })
})

describe('choosing stacks', () => {
  test('by construct id in any case, or by stack name; all without a choice', async () => {
    await twoStacks()
    const stacks = await readAssembly(folder)
    const ids = (names: string[]) => selectStacks(stacks, names).map(({ id }) => id)
    expect(ids(['links'])).toEqual(['Links'])
    expect(ids(['backlot-platform', 'Links'])).toEqual(['Platform', 'Links'])
    expect(ids([])).toEqual(['Platform', 'Links'])
  })

  test('an unknown one is refused with those that there are', async () => {
    await twoStacks()
    const stacks = await readAssembly(folder)
    expect(() => selectStacks(stacks, ['Lnks'])).toThrow('expected one of the stacks Platform, Links; got Lnks')
  })
})

test('a cloud of some stacks has what they need, and Platform, which all need', () => {
  const stack = (id: string, ...dependencies: string[]) =>
    ({ id, stackName: `backlot-${id}`, template: '', assets: [], dependencies, paths: new Map() }) as const
  const all = [stack('Platform'), stack('Links', 'Platform'), stack('Tasks'), stack('Edge', 'Links')]
  const ids = (names: string[]) => selectWithNeeded(all, names).map(({ id }) => id)
  expect(ids(['tasks'])).toEqual(['Platform', 'Tasks'])
  expect(ids(['edge'])).toEqual(['Platform', 'Links', 'Edge'])
  expect(ids([])).toEqual(['Platform', 'Links', 'Tasks', 'Edge'])
})

describe('the error of an app that does not synthesise', () => {
  test('is its message and our own frames', () => {
    const output = `[Warning] something
/repo/infra/links.ts:3
    throw new Error('x')

Error: expected a queue, got none
    at new Links (file:///repo/infra/links.ts:3:9)
    at Module._compile (node:internal/modules/cjs/loader:1:1)
    at wrap (file:///repo/node_modules/aws-cdk-lib/core.js:1:1)
    at file:///repo/infra/app.ts:9:1

Node.js v24.21.0`
    expect(synthError(output)).toBe(
      [
        'Error: expected a queue, got none',
        '    at new Links (file:///repo/infra/links.ts:3:9)',
        '    at file:///repo/infra/app.ts:9:1',
      ].join('\n'),
    )
  })

  test('is all there is when no line looks like an error, and never a wall of text', () => {
    expect(synthError('killed')).toBe('killed')
    expect(synthError(`TypeError: x\n${'  detail\n'.repeat(500)}`).split('\n').length).toBeLessThanOrEqual(25)
  })
})
