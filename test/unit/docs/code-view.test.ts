import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OpenApiDocument, OperationObject } from '#core/openapi-document.ts'
import { curlCommand, jsonView } from '../../../functions/docs/code-view.ts'

const document = { servers: [{ url: 'http://localhost:4000' }] } as unknown as OpenApiDocument
const operation = (parts: Partial<OperationObject>): OperationObject => ({
  tags: [],
  operationId: 'test',
  summary: 'Test',
  'x-permission': 'public',
  'x-rate-limit': 'read',
  security: [],
  responses: {},
  ...parts,
})

describe('jsonView', () => {
  it('marks keys, texts, numbers and words', () => {
    expect(jsonView({ a: 'b', n: -1.5, t: true }).toString()).toBe(
      [
        '{',
        '  <span class="k">&quot;a&quot;</span>: <span class="s">&quot;b&quot;</span>,',
        '  <span class="k">&quot;n&quot;</span>: <span class="n">-1.5</span>,',
        '  <span class="k">&quot;t&quot;</span>: <span class="w">true</span>',
        '}',
      ].join('\n'),
    )
  })

  it('shows every value whole, whatever is in it', () => {
    const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&#39;': "'" }
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shown = jsonView(value)
          .toString()
          .replace(/<\/?span[^>]*>/g, '')
          .replace(/&(?:lt|gt|amp|quot|#39);/g, (entity) => entities[entity] ?? '')
        expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

describe('curlCommand', () => {
  it('is one word for a public read', () => {
    expect(curlCommand(document, { method: 'get', path: '/docs', operation: operation({}) })).toBe(
      'curl http://localhost:4000/docs',
    )
  })

  it('sends the key from the shell and the example as the body', () => {
    const create = operation({
      security: [{ apiKey: [] }],
      requestBody: { required: true, content: { 'application/json': { schema: {}, example: { title: "it's" } } } },
    })
    expect(curlCommand(document, { method: 'post', path: '/books', operation: create })).toBe(
      [
        'curl -X POST http://localhost:4000/books \\',
        '  -H "Authorization: Bearer $BACKLOT_API_KEY" \\',
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"title":"it'\\''s"}'`,
      ].join('\n'),
    )
  })

  it('sends the example of a form as its fields', () => {
    const example = { name: 'Ada & Co', lines: [{ price: 'p', quantity: 2 }] }
    const content = { 'application/x-www-form-urlencoded': { schema: {}, example } }
    const create = operation({ requestBody: { required: true, content } })
    expect(curlCommand(document, { method: 'post', path: '/books', operation: create })).toBe(
      [
        'curl -X POST http://localhost:4000/books \\',
        "  -d 'name=Ada%20%26%20Co' \\",
        "  -d 'lines[0][price]=p' \\",
        "  -d 'lines[0][quantity]=2'",
      ].join('\n'),
    )
  })

  it('fills in path and query from their examples, quoted for the shell', () => {
    const read = operation({
      parameters: [
        { name: 'id', in: 'path', required: true, schema: {}, example: 'a/b' },
        { name: 'limit', in: 'query', required: false, schema: {}, example: 2 },
        { name: 'cursor', in: 'query', required: false, schema: {} },
      ],
    })
    expect(curlCommand(document, { method: 'get', path: '/books/{id}', operation: read })).toBe(
      "curl 'http://localhost:4000/books/a%2Fb?limit=2'",
    )
  })
})
