/** The routes of the reference: the document, the page made from it, and the problems. All public, all made once. */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { OpenApiDocument } from '#core/openapi-document.ts'
import type { RenderedPage } from '#core/page.ts'
import { routeOf, type ServiceDescription } from '#core/route.ts'
import { problemsPage } from './problems-page.ts'
import { referencePage } from './reference-page.ts'

export interface DocsServices {
  readonly document: OpenApiDocument
}

/** A deploy may change the document, so a copy is used without asking for a minute only, then compared by its ETag. */
const CACHE_CONTROL = 'public, max-age=60, must-revalidate'

const HEADERS = {
  ETag: 'Changes whenever the content does.',
  'Cache-Control': 'May be kept for a minute, then asked for again with If-None-Match.',
}

const PAGE = { contentType: 'text/html; charset=utf-8', body: z.string() }

const route = routeOf<DocsServices>()

const readDocument = route({
  method: 'GET',
  path: '/api/openapi.json',
  operationId: 'readOpenApi',
  summary: 'Read the description of all services',
  description: 'The OpenAPI document that this page is made from.',
  permission: 'public',
  answers: {
    200: {
      description: 'An OpenAPI 3.1 document.',
      body: z.looseObject({ openapi: z.string() }).meta({ description: 'An OpenAPI document.' }),
      headers: HEADERS,
    },
  },
  handle: async (_, { document }) => ({
    status: 200,
    body: { ...document },
    etag: versionOf(document),
    headers: { 'Cache-Control': CACHE_CONTROL },
  }),
})

const readReference = route({
  method: 'GET',
  path: '/docs',
  operationId: 'readReference',
  summary: 'Read this reference',
  permission: 'public',
  answers: { 200: { description: 'This page.', ...PAGE, headers: HEADERS } },
  handle: async (_, { document }) => pageReply(rendered(document)),
})

const readProblems = route({
  method: 'GET',
  path: '/docs/problems',
  operationId: 'readProblems',
  summary: 'Read what each problem code means',
  description: 'The `type` of a problem document leads here.',
  permission: 'public',
  answers: { 200: { description: 'A page with every code.', ...PAGE, headers: HEADERS } },
  handle: async () => pageReply(problems(undefined)),
})

/** Runs `make` at the first call and keeps what it made, for as long as it is called with the same input. */
function once<Input, Made>(make: (input: Input) => Made): (input: Input) => Made {
  let kept: { readonly input: Input; readonly made: Made } | undefined
  return (input) => {
    if (kept === undefined || kept.input !== input) kept = { input, made: make(input) }
    return kept.made
  }
}

const ETAG_CHARACTERS = 22

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, ETAG_CHARACTERS)

const versionOf = once((document: OpenApiDocument) => hash(JSON.stringify(document)))
const withVersion = (page: RenderedPage) => ({ ...page, version: hash(page.body) })
const rendered = once((document: OpenApiDocument) => withVersion(referencePage(document)))
const problems = once(() => withVersion(problemsPage()))

const pageReply = (page: RenderedPage & { readonly version: string }) => ({
  status: 200 as const,
  body: page.body,
  etag: page.version,
  headers: { ...page.headers, 'Cache-Control': CACHE_CONTROL },
})

export const docsApi: ServiceDescription<DocsServices> = {
  service: 'docs',
  title: 'Reference',
  description: 'What you are reading, and the same for machines.',
  routes: [readDocument, readReference, readProblems],
}
