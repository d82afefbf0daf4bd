import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { functionOf, listFixtures, readFixture } from '../../../../local/events/fixture.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backlot-fixtures-'))
  await mkdir(join(root, 'events/links'), { recursive: true })
})
afterEach(() => rm(root, { recursive: true }))

const write = (name: string, text: string) => writeFile(join(root, 'events/links', name), text)
const refusal = async (name: string) =>
  readFixture(`events/links/${name}`, root).then(
    () => expect.unreachable('expected a refusal'),
    (error: unknown) => error as { code: string; message: string; hint: string },
  )

test('a fixture is its event and the function that its name tells', async () => {
  await write('redirect.get.json', '{"path":"/x"}')
  expect(await readFixture('events/links/redirect.get.json', root)).toMatchObject({
    name: 'events/links/redirect.get.json',
    functionName: 'links/redirect',
    event: { path: '/x' },
  })
})

test('a file outside the events has no function', async () => {
  await writeFile(join(root, 'mine.json'), '1')
  expect(await readFixture(join(root, 'mine.json'), join(root, 'events'))).toMatchObject({
    functionName: undefined,
    event: 1,
  })
})

test.each([
  ['events/links/count-clicks.batch.json', 'links/count-clicks'],
  ['events/etl/landed.csv.json', 'etl/landed'],
  ['events/links/README.md', undefined],
  ['events/links/api.json', undefined],
  ['elsewhere/links/api.create.json', undefined],
])('%s is for %s', (name, expected) => {
  expect(functionOf(name)).toBe(expected)
})

test('the fixtures of all services are listed in order', async () => {
  await mkdir(join(root, 'events/auth'))
  await write('b.x.json', '{}')
  await write('a.x.json', '{}')
  await writeFile(join(root, 'events/auth/z.x.json'), '{}')
  expect(listFixtures(root)).toEqual(['events/auth/z.x.json', 'events/links/a.x.json', 'events/links/b.x.json'])
})

describe('a malformed fixture', () => {
  test.each([
    ['a comma too many', '{\n  "a": 1,\n}', '2:9', /JSON does not support trailing commas/],
    ['a comma too few', '{\n  "a": 1\n  "b": 2\n}', '3:3', /Expected "," in JSON but found "\\"b\\""/],
    ['an end too early', '{\n  "a": [1', '2:10', /Expected "," in JSON but found end of file/],
    ['single quotes', "{'a': 1}", '1:2', /JSON strings must use double quotes/],
    ['no value', '', '1:1', /Unexpected end of file/],
  ])('with %s is refused with file, line, column and what was expected', async (_, text, position, expected) => {
    await write('broken.x.json', text)
    const { code, message } = await refusal('broken.x.json')
    expect(code).toBe('malformed_fixture')
    expect(message).toMatch(new RegExp(`^events/links/broken.x.json:${position}: `))
    expect(message).toMatch(expected)
  })

  test('is shown with a mark below the place', async () => {
    await write('broken.x.json', '{"a": x}')
    expect((await refusal('broken.x.json')).message.split('\n').slice(1)).toEqual(['  {"a": x}', '        ^'])
  })
})

test('an unknown fixture is refused with the nearest names', async () => {
  await write('redirect.get.json', '{}')
  await write('api.create.json', '{}')
  const { code, hint } = await refusal('redirct.get.json')
  expect(code).toBe('unknown_fixture')
  expect(hint).toMatch(/^Did you mean events\/links\/redirect\.get\.json,/)
})
