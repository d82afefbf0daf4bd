import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import type { JsonSchema, MediaType, OpenApiDocument } from '#core/openapi-document.ts'
import { documents, FOLDER, SERVICES, textOf } from '../../../local/commands/openapi.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const all = [...documents()]

describe.each(all)('%s', (name, document) => {
  it('is committed as it is generated (npm run openapi)', () => {
    expect(readFileSync(path.join(ROOT, FOLDER, name), 'utf8')).toBe(textOf(document))
  })

  it('is valid by the meta-schema of OpenAPI 3.1', async () => {
    expect(await new Validator().validate(JSON.parse(textOf(document)))).toEqual({ valid: true })
  })

  it('has examples that match their schemas', () => {
    const ajv = compilerFor(document)
    expect(examplesOf(document).flatMap((media) => faultsOf(ajv, media))).toEqual([])
  })
})

it('there is a document for every service that has an API', () => {
  const folders = globSync('functions/*/api.lambda.ts', { cwd: ROOT }).map((file) => file.split(path.sep)[1] ?? '')
  expect(SERVICES.map(({ service }) => service).toSorted()).toEqual(folders.toSorted())
})

/** Every media type with an example, wherever it stands. */
function examplesOf(node: unknown): MediaType[] {
  if (typeof node !== 'object' || node === null) return []
  const own = 'schema' in node && ('example' in node || 'examples' in node) ? [node as MediaType] : []
  return [...own, ...Object.values(node).flatMap(examplesOf)]
}

/** One for all schemas of a document: each component is compiled once. */
function compilerFor({ components }: OpenApiDocument): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  return ajv.addSchema({ $id: 'document', components })
}

function faultsOf(ajv: Ajv2020, { schema, example, examples = {} }: MediaType): string[] {
  const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as JsonSchema)
  const values = [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)]
  return values.flatMap((value) =>
    validate(value) ? [] : [`${JSON.stringify(value)}: ${ajv.errorsText(validate.errors)}`],
  )
}
