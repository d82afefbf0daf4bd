/** `/docs`: the whole API on one page, made from the OpenAPI document. Pure. */
import { type Html, html } from '#core/html.ts'
import type { OpenApiDocument } from '#core/openapi-document.ts'
import { MARK, type RenderedPage, renderPage } from '#core/page.ts'
import { curlCommand, jsonView, type Operation } from './code-view.ts'
import { CONVENTIONS } from './conventions.ts'
import { codeBlock, operationView } from './operation-view.ts'
import { REFERENCE_SCRIPT } from './reference-script.ts'
import { REFERENCE_STYLE } from './reference-style.ts'
import { inline } from './schema-view.ts'

interface Service {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly operations: readonly Operation[]
}

export function referencePage(document: OpenApiDocument): RenderedPage {
  const services = servicesOf(document)
  return renderPage({
    title: `${document.info.title} API reference`,
    description: `Every route of ${document.info.title}, with its parameters, answers and problems.`,
    style: REFERENCE_STYLE,
    script: REFERENCE_SCRIPT,
    body: html`<a class="skip" href="#content">Skip to the content</a>
<div class="frame">
${navigation(document, services)}
<main id="content">
${introduction(document, services)}
${services.map((service) => serviceView(document, service))}
<p class="nothing" hidden>No route matches. <button type="button" class="clear">Show all</button></p>
<footer>Made from the route tables that the functions run.</footer>
</main>
</div>`,
  })
}

function servicesOf(document: OpenApiDocument): readonly Service[] {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Operation => ({ method, path, operation })),
  )
  return document.tags.map((tag) => ({
    name: tag.name,
    title: tag['x-displayName'],
    description: tag.description,
    operations: operations
      .filter(({ operation }) => operation.tags.includes(tag.name))
      .sort((a, b) => Number(isPlumbing(a)) - Number(isPlumbing(b))),
  }))
}

/** Health, robots.txt and the like: public, and always the same. They come last. */
const isPlumbing = ({ path, operation }: Operation): boolean =>
  operation['x-permission'] === 'public' && operation.requestBody === undefined && !path.includes('{')

const navigation = (document: OpenApiDocument, services: readonly Service[]): Html =>
  html`<header class="side">
<div class="bar"><a class="brand" href="/docs">${MARK}<span>${document.info.title}</span> <small>${document.info.version}</small></a>
<button type="button" class="menu" aria-expanded="false" aria-controls="navigation" hidden>Contents</button></div>
<nav id="navigation" aria-label="Contents">
<div class="find" hidden><label for="find">Find a route</label><input id="find" type="search" autocomplete="off" spellcheck="false" placeholder="Find a route"><kbd aria-hidden="true">/</kbd><p class="found" role="status"></p></div>
<h2>Conventions</h2>
<ul>${CONVENTIONS.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}<li><a href="/docs/problems">All problems</a></li></ul>
${services.map(
  ({ name, title, operations }) => html`<div class="group"><h2><a href="#service-${name}">${title}</a></h2>
<ul>${operations.map(
    ({ method, operation }) =>
      html`<li><a class="to" href="#${operation.operationId}"><span class="method ${method}">${method === 'delete' ? 'DEL' : method.toUpperCase()}</span> ${operation.summary}</a></li>`,
  )}</ul></div>`,
)}
</nav>
</header>`

function introduction(document: OpenApiDocument, services: readonly Service[]): Html {
  return html`<section class="intro">
<div class="hero"><div>
<h1>${document.info.title} API</h1>
<p class="lead">${document.info.description}</p>
<dl class="facts">
<dt>Base URL</dt><dd><code>${document.servers[0]?.url}</code></dd>
<dt>API key</dt><dd><code>export BACKLOT_API_KEY=bk_…</code></dd>
<dt>For machines</dt><dd><a href="/api/openapi.json">openapi.json</a>, OpenAPI ${document.openapi}</dd>
</dl>
</div>${firstRequest(document, services)}</div>
<div class="conventions">${CONVENTIONS.map(
    ({ id, title, text }) =>
      html`<section id="${id}"><h2>${title}</h2>${text.map((part) => html`<p>${part}</p>`)}</section>`,
  )}</div>
</section>`
}

/** The first route that takes a body and has an example of it: what a newcomer can try. */
function firstRequest(document: OpenApiDocument, services: readonly Service[]): Html | undefined {
  const first = services
    .flatMap(({ operations }) => operations)
    .find(({ operation }) => operation.requestBody?.content['application/json']?.example !== undefined)
  if (first === undefined) return undefined
  const created = first.operation.responses['201'] ?? first.operation.responses['200']
  const answer =
    created !== undefined && 'content' in created ? created.content?.['application/json']?.example : undefined
  return html`<div class="example">${codeBlock('A first request', html`${curlCommand(document, first)}`)}${
    answer === undefined ? undefined : codeBlock('Its answer', jsonView(answer))
  }</div>`
}

const serviceView = (document: OpenApiDocument, { name, title, description, operations }: Service): Html =>
  html`<section class="service" aria-labelledby="service-${name}">
<header><h2 id="service-${name}">${title}</h2><p class="lead">${inline(description)}</p></header>
${operations.map((operation) => operationView(document, operation))}
</section>`
