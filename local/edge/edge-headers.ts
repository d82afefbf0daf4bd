/**
 * The header rules of the edge. Works on Node's flat raw form (`[name, value, name, value, …]`), which keeps the case
 * of names, their order and duplicates. Pure.
 */
export type RawHeaders = readonly string[]

/** RFC 9110 §7.6.1 and the older names that the same section tells intermediaries to remove. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Not taken from the viewer: what only the edge may say, what the edge replaces, and `Expect: 100-continue`, which its
 * own server has answered.
 */
const NEVER_FORWARDED = /^(cloudfront-.*|host|x-forwarded-for|expect)$/i

function* pairs(raw: RawHeaders): Generator<readonly [name: string, value: string]> {
  for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] ?? '', raw[at + 1] ?? '']
}

/** All values of a header, in order. `name` in lower case. */
export const headerValues = (raw: RawHeaders, name: string): string[] =>
  [...pairs(raw)].filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)

/** Without the headers that concern this connection alone: the fixed ones, and those that `Connection` names. */
export function endToEnd(raw: RawHeaders): string[] {
  const named = headerValues(raw, 'connection').flatMap((value) => value.toLowerCase().split(/[\s,]+/))
  const removed = new Set([...HOP_BY_HOP, ...named])
  return [...pairs(raw)].filter(([name]) => !removed.has(name.toLowerCase())).flat()
}

export interface Viewer {
  readonly address: string
  readonly port: number
  /** `1.1` */
  readonly httpVersion: string
}

/**
 * What CloudFront adds and what can be known without it: who the viewer is. Country, city and device need
 * CloudFront's databases and are left out, as CloudFront leaves out what it cannot tell.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
 */
export const viewerHeaders = (viewer: Viewer): string[] => [
  'CloudFront-Viewer-Address',
  `${viewer.address}:${viewer.port}`,
  'CloudFront-Viewer-Http-Version',
  viewer.httpVersion,
  'CloudFront-Forwarded-Proto',
  'http',
]

/**
 * The request's headers as the origin gets them: `Host` is the origin's, the viewer is appended to `X-Forwarded-For`,
 * and nothing that only the edge may say comes from the viewer.
 * @param allowed names that are sent on, in any case; undefined for all. Framing and `X-Forwarded-For` always are.
 */
export function originHeaders(raw: RawHeaders, host: string, viewer: Viewer, allowed?: readonly string[]): string[] {
  const names = allowed && new Set([...allowed.map((name) => name.toLowerCase()), 'content-length', 'content-type'])
  const fromViewer = [...pairs(endToEnd(raw))].filter(([name]) => !NEVER_FORWARDED.test(name))
  const fromEdge = [...pairs(viewerHeaders(viewer))]
  const sent = [...fromViewer, ...fromEdge].filter(([name]) => names?.has(name.toLowerCase()) ?? true)
  const chunked = headerValues(raw, 'transfer-encoding').length > 0
  const forwardedFor = [...headerValues(raw, 'x-forwarded-for'), viewer.address].join(', ')
  return [
    'Host',
    host,
    ...sent.flat(),
    ...(chunked ? ['Transfer-Encoding', 'chunked'] : []),
    'X-Forwarded-For',
    forwardedFor,
  ]
}
