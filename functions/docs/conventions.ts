/** What holds for every route, told once at the top of the reference. */
import { type Html, html } from '#core/html.ts'

export interface Convention {
  readonly id: string
  readonly title: string
  /** Paragraphs. */
  readonly text: readonly Html[]
}

export const CONVENTIONS: readonly Convention[] = [
  {
    id: 'authentication',
    title: 'Authentication',
    text: [
      html`Send an API key with each request: <code>Authorization: Bearer bk_…</code>. A key belongs to one workspace, and a request acts in that workspace alone.`,
      html`The examples take the key from the shell: <code>export BACKLOT_API_KEY=bk_…</code>. <code>npm start</code> prints one for the demo workspace.`,
    ],
  },
  {
    id: 'errors',
    title: 'Errors',
    text: [
      html`Every error is a problem document (RFC 9457), <code>application/problem+json</code>. Test its <code>code</code>, show its <code>detail</code>, quote its <code>instance</code> when you ask for help. <a href="/docs/problems">All codes</a>.`,
      html`What belongs to another workspace is answered like what does not exist: 404.`,
    ],
  },
  {
    id: 'lists',
    title: 'Lists',
    text: [
      html`A list answers <code>{"items": […], "nextCursor": …}</code>. Pass <code>nextCursor</code> on as <code>?cursor=</code> until it is <code>null</code>. A cursor is opaque and works for the list that gave it.`,
    ],
  },
  {
    id: 'retries',
    title: 'Safe retries',
    text: [
      html`Give a write an <code>Idempotency-Key</code> of your choice. Sent again within 24 hours, the same request gets the stored answer, marked <code>Idempotent-Replayed: true</code>, and nothing happens twice.`,
    ],
  },
  {
    id: 'versions',
    title: 'Concurrent changes',
    text: [
      html`Objects carry an <code>ETag</code>. Send it as <code>If-Match</code> with a change to be told (412) when somebody else was faster, or as <code>If-None-Match</code> with a read to be told (304) that nothing changed.`,
    ],
  },
  {
    id: 'limits',
    title: 'Rate limits',
    text: [
      html`Reads and writes are limited apart. <code>RateLimit</code> and <code>RateLimit-Policy</code> tell what is left; after 429 and 503 wait for <code>Retry-After</code> seconds.`,
    ],
  },
  {
    id: 'formats',
    title: 'Formats',
    text: [
      html`JSON in UTF-8, camelCase names. Times are RFC 3339 in UTC. Ids are prefixed and sort by creation. Bodies and queries with unknown fields are refused; answers may gain fields, so ignore what you do not know.`,
    ],
  },
  {
    id: 'tracing',
    title: 'Tracing',
    text: [
      html`Every answer has an <code>X-Request-Id</code>, by which it is found in the logs. A <code>traceparent</code> header (W3C Trace Context) continues your trace through ours.`,
    ],
  },
]
