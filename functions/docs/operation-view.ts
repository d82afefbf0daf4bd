/** One route on the reference: what it does and takes on the left, a request and its answer on the right. Pure. */
import { STATUS_CODES } from 'node:http'
import { type Html, html } from '#core/html.ts'
import {
  type MediaType,
  type OpenApiDocument,
  type ParameterObject,
  type ResponseObject,
  resolveReference,
} from '#core/openapi-document.ts'
import { PROBLEM_CONTENT_TYPE } from '#core/problem.ts'
import { curlCommand, jsonView, type Operation, parametersOf } from './code-view.ts'
import { descriptionOf, fieldHead, inline, schemaView, typeOf } from './schema-view.ts'

interface Answer {
  readonly status: string
  readonly response: ResponseObject
}

export function operationView(document: OpenApiDocument, entry: Operation): Html {
  const { method, path, operation } = entry
  const all = Object.entries(operation.responses).map(([status, response]) => ({
    status,
    response: resolveReference(document, response),
  }))
  return html`<article class="operation" id="${operation.operationId}" data-find="${searchText(entry)}">
<div class="about">
<h3><a class="anchor" href="#${operation.operationId}">${operation.summary}</a></h3>
<p class="route"><span class="method ${method}">${method.toUpperCase()}</span> <code>${pathView(path)}</code></p>
${operation.description !== undefined && html`<p class="lead">${inline(operation.description)}</p>`}
${permissionView(operation['x-permission'])}
${parametersView(document, parametersOf(document, operation))}
${bodyView(document, operation.requestBody?.content)}
${answersView(document, all)}
${problemsView(all)}
</div>
<div class="example">
${codeBlock('Request', html`${curlCommand(document, entry)}`)}
${exampleAnswer(all)}
</div>
</article>`
}

const searchText = ({ method, path, operation }: Operation): string =>
  [method, path, operation.operationId, operation.summary, operation['x-permission'], operation.description ?? '']
    .join(' ')
    .toLowerCase()

const pathView = (path: string): Html =>
  html`${path.split(/(\{\w+\})/).map((part) => (part.startsWith('{') ? html`<span class="variable">${part}</span>` : part))}`

const permissionView = (permission: string): Html =>
  permission === 'public'
    ? html`<p class="permission">Open to everyone, no key needed.</p>`
    : html`<p class="permission">Needs the permission <code class="chip">${permission}</code></p>`

const PLACES = [
  ['path', 'In the path'],
  ['query', 'In the query'],
  ['header', 'Headers'],
] as const

/** Told once, at the top of the page. */
const EVERYWHERE = new Set(['traceparent'])

const parametersView = (document: OpenApiDocument, parameters: readonly ParameterObject[]): Html[] =>
  PLACES.flatMap(([place, title]) => {
    const here = parameters.filter(({ in: where, name }) => where === place && !EVERYWHERE.has(name))
    const fields = here.map(
      (parameter) =>
        html`<li>${fieldHead({ document, direction: 'sent' }, parameter)}${descriptionOf(parameter.description)}</li>`,
    )
    return here.length === 0 ? [] : [html`<h4>${title}</h4><ul class="fields">${fields}</ul>`]
  })

function bodyView(document: OpenApiDocument, content: Readonly<Record<string, MediaType>> | undefined): Html[] {
  return Object.entries(content ?? {}).map(
    ([type, { schema }]) =>
      html`<h4>Body <span class="type">${type}</span></h4>${schemaView({ document, direction: 'sent' }, schema)}`,
  )
}

const isProblem = ({ status }: Answer): boolean => Number(status) >= 400

function answersView(document: OpenApiDocument, all: readonly Answer[]): Html {
  const answers = all.filter(({ response }) => !onlyProblems(response))
  return html`<h4>Answers</h4>${answers.map(({ status, response }) => answerView(document, status, response))}`
}

const onlyProblems = ({ content }: ResponseObject): boolean =>
  content !== undefined && Object.keys(content).every((type) => type === PROBLEM_CONTENT_TYPE)

/** Headers that stand on every answer are told once, at the top of the page. */
function answerView(document: OpenApiDocument, status: string, response: ResponseObject): Html {
  const headers = Object.entries(response.headers ?? {}).filter(([, header]) => !('$ref' in header))
  const content = Object.entries(response.content ?? {}).filter(([type]) => type !== PROBLEM_CONTENT_TYPE)
  return html`<details class="answer" ${Number(status) < 300 && html`open`}><summary><span class="status">${status}</span> ${inline(
    response.description,
  )}${content.map(([type, { schema }]) => html` <span class="type">${typeOf(document, schema)}, ${type}</span>`)}</summary>
${
  headers.length > 0 &&
  html`<ul class="fields">${headers.map(
    ([name, header]) =>
      html`<li><div class="field"><code class="name">${name}</code> <span class="type">header</span></div>${descriptionOf(
        'description' in header ? header.description : undefined,
      )}</li>`,
  )}</ul>`
}
${content.map(([, { schema }]) => schemaView({ document, direction: 'received' }, schema))}</details>`
}

function problemsView(all: readonly Answer[]): Html {
  const rows = all.filter(isProblem).flatMap(({ status, response }) => {
    const codes = Object.keys(response.content?.[PROBLEM_CONTENT_TYPE]?.examples ?? {})
    return codes.length === 0 ? [] : [html`<li><span class="status">${status}</span> ${codes.map(problemLink)}</li>`]
  })
  return html`<h4>Problems</h4><ul class="problems">${rows}</ul>`
}

const problemLink = (code: string): Html => html`<a class="chip" href="/docs/problems#${code}">${code}</a> `

function exampleAnswer(all: readonly Answer[]): Html | undefined {
  for (const { status, response } of all) {
    const title = `${status} ${STATUS_CODES[status] ?? ''}`
    const [media] = Object.values(response.content ?? {})
    if (media === undefined && status === '204') return html`<p class="empty">${title}, without a body</p>`
    if (media?.example !== undefined)
      return codeBlock(title, typeof media.example === 'string' ? html`${media.example}` : jsonView(media.example))
  }
  return undefined
}

/** A titled block of code; the script gives it a button that copies. */
export const codeBlock = (title: string, code: Html): Html =>
  html`<figure class="code"><figcaption>${title}</figcaption><pre tabindex="0"><code>${code}</code></pre></figure>`
