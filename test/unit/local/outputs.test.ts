import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { outputsOf } from '../../../local/cloud/cloud.ts'
import { originOf } from '../../../local/edge/origins.ts'
import { reachableOutputs, readOutputs, writeOutputs } from '../../../local/outputs.ts'

const ENDPOINT = 'http://127.0.0.1:4566'
const ADDRESS = { endpoint: ENDPOINT, region: 'us-east-1' }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backlot-outputs-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('outputs of a stack', () => {
  test('API URLs get the form that resolves without DNS; all else stays', () => {
    const before = {
      ApiId: 'x3jxfn2f2x',
      ApiUrl: 'https://x3jxfn2f2x.execute-api.localhost:4566/live/',
      AwsUrl: 'https://x3jxfn2f2x.execute-api.us-east-1.amazonaws.com/live',
      RedirectUrl: 'http://1eu5.lambda-url.us-east-1.localhost:4566/',
      QueueUrl: 'http://localhost:4566/queue/x',
    }
    expect(reachableOutputs(before, ENDPOINT)).toEqual({
      ...before,
      ApiUrl: `${ENDPOINT}/_aws/execute-api/x3jxfn2f2x/live`,
      AwsUrl: `${ENDPOINT}/_aws/execute-api/x3jxfn2f2x/live`,
    })
  })

  test('of a partial deployment join those of the other stacks', () => {
    const links = { id: 'Links', outcome: 'updated', durationMs: 1, outputs: { ApiId: 'new' } } as const
    const before = { Links: { ApiId: 'old' }, Docs: { ApiId: 'docs' } }
    expect(outputsOf(ADDRESS, 'http://localhost:4000', [links], before).stacks).toEqual({
      Links: { ApiId: 'new' },
      Docs: { ApiId: 'docs' },
    })
  })
})

test('outputs.json comes back as it was written, and no partial file stays', async () => {
  const outputs = outputsOf(ADDRESS, 'http://localhost:4000', [])
  const file = join(folder, 'deep/outputs.json')
  await writeOutputs(file, outputs)
  expect(await readOutputs(file)).toEqual(outputs)
  expect(await readdir(join(folder, 'deep'))).toEqual(['outputs.json'])
})

describe('the origin of a path', () => {
  const outputs = {
    endpoint: ENDPOINT,
    stacks: {
      Links: { ApiId: 'links1', RedirectUrl: 'http://redirect1.lambda-url.us-east-1.localhost:4566/' },
      Docs: { ApiId: 'docs1' },
    },
  }

  test.each([
    ['/api/links/links', '/_aws/execute-api/links1/live', '127.0.0.1:4566'],
    ['/api/openapi.json', '/_aws/execute-api/docs1/live', '127.0.0.1:4566'],
    ['/docs', '/_aws/execute-api/docs1/live', '127.0.0.1:4566'],
    ['/hello', '', 'redirect1.lambda-url.us-east-1.localhost:4566'],
    ['/docs-2027', '', 'redirect1.lambda-url.us-east-1.localhost:4566'],
  ])('%s', (path, pathPrefix, host) => {
    expect(originOf(path, outputs)).toMatchObject({ hostname: '127.0.0.1', port: 4566, pathPrefix, host })
  })

  test('the redirect is for reading and gets the headers of its list; an API gets all', () => {
    expect(originOf('/hello', outputs)).toMatchObject({ methods: 'getAndHead' })
    expect(originOf('/hello', outputs)?.allowedHeaders).toContain('User-Agent')
    expect(originOf('/hello', outputs)?.allowedHeaders).not.toContain('Cookie')
    expect(originOf('/api/links/links', outputs)).toMatchObject({ methods: 'all', allowedHeaders: undefined })
  })

  test('is undefined while its stack is not deployed', () => {
    expect(originOf('/docs', { endpoint: ENDPOINT, stacks: {} })).toBeUndefined()
  })
})
