import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundleFunctions } from '../../infra/bundle.ts'
import { functionSource, listFunctions } from '../../infra/sources.ts'
import { type Rebuild, watchFunctions } from '../../infra/watch.ts'
import { checkout, write, writeCheckout } from './sample.ts'

const SOURCE = 'functions/sample/work.lambda.ts'
const HANDLER = `import { answer } from '#core/answer.ts'\nexport const handler = async () => answer()\n`
const FILES = {
  'package.json': '{"type":"module","imports":{"#core/*":"./layers/core/*"}}',
  'layers/core/answer.ts': `export class Answer { value = 'deep' }\nexport const answer = () => new Answer()\nexport const unused = 'never called'\n`,
  [SOURCE]: HANDLER,
}

const bundle = (root: string): string => path.join(root, '.backlot/bundles/sample/work/index.mjs')
const read = (file: string): string => readFileSync(file, 'utf8')

describe('bundleFunctions', () => {
  it('makes one ESM file of the function and what it uses, minified, with class names', async () => {
    const code = read(bundle(await checkout(FILES)))
    expect(code).toContain('deep')
    expect(code).toContain('"Answer"')
    expect(code).not.toContain('never called')
    expect(code).toMatch(/export\{\w+ as handler\}/)
    expect(code.split('\n').length).toBeLessThan(5)
  })

  it('gives two checkouts the same bytes, without a path of the machine', async () => {
    const [one, two] = [await checkout(FILES), await checkout(FILES)]
    for (const file of [bundle, (root: string) => `${bundle(root)}.map`]) {
      expect(read(file(one))).toBe(read(file(two)))
      expect(read(file(one))).not.toContain(one)
    }
  })

  it('maps the code back to its sources, relative to the bundle', async () => {
    const root = await checkout(FILES)
    const { sources, sourcesContent } = JSON.parse(read(`${bundle(root)}.map`))
    const files = sources.map((source: string) => path.relative(root, path.resolve(path.dirname(bundle(root)), source)))
    expect(files).toEqual(['layers/core/answer.ts', SOURCE])
    expect(sourcesContent).toBeUndefined()
  })

  it('gives CommonJS packages the modules of Node', async () => {
    const root = await checkout({
      ...FILES,
      'node_modules/old/package.json': '{"name":"old","main":"index.js"}',
      'node_modules/old/index.js': `exports.digest = (text) => require('crypto').createHash('sha256').update(text).digest('hex')`,
      [SOURCE]: `import old from 'old'\nexport const handler = () => old.digest('abc')\n`,
    })
    const script = `process.stdout.write((await import(${JSON.stringify(bundle(root))})).handler())`
    // FIPS 180-2, appendix B.1
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(read(bundle(root))).not.toContain('createRequire')
  })

  it('leaves an unchanged bundle untouched and says which one changed', async () => {
    const root = await checkout({ ...FILES, 'functions/sample/other.lambda.ts': 'export const handler = 1' })
    const before = statSync(bundle(root)).mtimeMs
    write(root, { 'functions/sample/other.lambda.ts': 'export const handler = 2' })
    const bundles = await bundleFunctions({ root })
    expect(bundles.map(({ name, changed }) => [name, changed])).toEqual([
      ['other', true],
      ['work', false],
    ])
    expect(statSync(bundle(root)).mtimeMs).toBe(before)
  })

  it('builds again whatever has changed: a source, a setting, a package, or the bundle itself', async () => {
    const root = await checkout({
      ...FILES,
      'layers/core/silent.ts': 'export const silent = 1\n',
      'layers/core/answer.ts': `import './silent.ts'\nexport const answer = () => 'before'\n`,
    })
    const first = read(bundle(root))
    const changes: readonly Readonly<Record<string, string>>[] = [
      { 'layers/core/answer.ts': `import './silent.ts'\nexport const answer = () => 'after'\n` },
      // It left no code in the bundle until now.
      { 'layers/core/silent.ts': `console.log('now it speaks')\n` },
      {
        'layers/core/other.ts': `export const answer = () => 'other'\n`,
        'package.json': FILES['package.json'].replace('./layers/core/*', './layers/core/other.ts'),
      },
    ]
    const seen = [first]
    for (const change of changes) {
      write(root, change)
      expect((await bundleFunctions({ root })).map(({ changed }) => changed)).toEqual([true])
      seen.push(read(bundle(root)))
    }
    expect(new Set(seen).size).toBe(seen.length)
    writeFileSync(bundle(root), 'spoiled')
    expect((await bundleFunctions({ root })).map(({ changed }) => changed)).toEqual([true])
    expect(read(bundle(root))).toBe(seen.at(-1))
  })

  it('takes packages for what npm says that it installed', async () => {
    const installed = (version: string) => ({
      'node_modules/.package-lock.json': JSON.stringify({ packages: { 'node_modules/old': { version } } }),
      'node_modules/old/package.json': '{"name":"old","main":"index.js"}',
      'node_modules/old/index.js': `module.exports = '${version}'`,
    })
    const root = await checkout({
      ...FILES,
      ...installed('1.0.0'),
      [SOURCE]: `import old from 'old'\nexport const handler = () => old\n`,
    })
    // Long before the build: nothing changed under it.
    utimesSync(path.join(root, SOURCE), 0, 0)
    await bundleFunctions({ root })
    write(root, { 'node_modules/old/index.js': `module.exports = 'not of npm'` })
    await bundleFunctions({ root })
    expect(read(bundle(root))).toContain('1.0.0')
    write(root, installed('2.0.0'))
    await bundleFunctions({ root })
    expect(read(bundle(root))).toContain('2.0.0')
  })

  it('tells what a bundle was made of, whether it was built now or before', async () => {
    const root = await checkout(FILES)
    const [kept] = await bundleFunctions({ root })
    expect(kept).toMatchObject({ changed: false, inputs: [SOURCE, 'layers/core/answer.ts'] })
    expect(kept?.parts.toSorted()).toEqual([SOURCE, 'layers/core/answer.ts'])
    expect(kept?.bytes).toBe(statSync(bundle(root)).size)
  })

  it('may run many times at once in one checkout', async () => {
    const root = writeCheckout(FILES)
    const runs = await Promise.allSettled(Array.from({ length: 12 }, () => bundleFunctions({ root })))
    expect(runs.filter(({ status }) => status === 'rejected')).toEqual([])
    expect(read(bundle(root))).toBe(read(bundle(await checkout(FILES))))
    // Nothing but the bundle is in the folder that becomes the asset.
    expect(readdirSync(path.dirname(bundle(root))).toSorted()).toEqual(['index.mjs', 'index.mjs.map'])
  })

  it('names file and line of what does not compile', async () => {
    await expect(checkout({ ...FILES, [SOURCE]: 'export const = 1' })).rejects.toThrow(`${SOURCE}:1:13`)
  })
})

describe('watchFunctions', () => {
  it('reports the first build, each change that matters, and what does not compile', async () => {
    const root = writeCheckout(FILES)
    const reports = queue<Rebuild>()
    const watch = await watchFunctions(reports.push, { root })
    onTestFinished(() => watch.stop())
    expect((await reports.next()).changed.map(({ name }) => name)).toEqual(['work'])

    write(root, { 'layers/core/answer.ts': `export const answer = () => 'another'` })
    expect((await reports.next()).changed.map(({ name }) => name)).toEqual(['work'])
    expect(read(bundle(root))).toContain('another')

    write(root, { [SOURCE]: 'export const = 1' })
    const broken = await reports.next()
    expect(broken.errors).toEqual([expect.stringContaining(`${SOURCE}:1`)])
    expect(broken.changed).toEqual([])
    expect(read(bundle(root))).toContain('another')

    write(root, { [SOURCE]: `${HANDLER}// a remark changes nothing` })
    expect(await reports.next()).toMatchObject({ changed: [], errors: [] })
  })

  it('sees a file again and again that an editor replaces by renaming', async () => {
    const root = writeCheckout(FILES)
    const reports = queue<Rebuild>()
    const watch = await watchFunctions(reports.push, { root })
    onTestFinished(() => watch.stop())
    await reports.next()

    for (const round of ['first', 'second', 'third']) {
      write(root, { 'layers/core/answer.ts.new': `export const answer = () => '${round}'` })
      renameSync(path.join(root, 'layers/core/answer.ts.new'), path.join(root, 'layers/core/answer.ts'))
      expect((await reports.next()).changed.map(({ name }) => name)).toEqual(['work'])
      expect(read(bundle(root))).toContain(round)
    }
  })
})

/** Values pushed and awaited in order. */
function queue<T>() {
  const values: T[] = []
  let wake = () => {}
  return {
    push: (value: T) => {
      values.push(value)
      wake()
    },
    async next(): Promise<T> {
      while (values.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      return values.shift() as T
    },
  }
}

describe('functionSource', () => {
  it('takes the service from the first folder and the name from the rest', () => {
    expect(functionSource('functions/links/count-clicks.lambda.ts')).toMatchObject({
      service: 'links',
      name: 'count-clicks',
    })
    expect(functionSource('functions/payments/ledger/post.lambda.ts')).toMatchObject({
      service: 'payments',
      name: 'ledger-post',
    })
  })

  it.each([
    'functions/api.lambda.ts',
    'functions/links/api.ts',
    'layers/links/api.lambda.ts',
    'functions/links/.lambda.ts',
  ])('refuses %s', (source) => {
    expect(() => functionSource(source)).toThrow(`got ${source}`)
  })

  it('lists the functions of a checkout in one order', async () => {
    const root = writeCheckout({ 'functions/b/x.lambda.ts': '', 'functions/a/y.lambda.ts': '', 'functions/a/z.ts': '' })
    expect(listFunctions(root).map(({ source }) => source)).toEqual([
      'functions/a/y.lambda.ts',
      'functions/b/x.lambda.ts',
    ])
  })
})
