/**
 * Finds the route of a method and a path in a service's table. Pure. Literal segments win over parameters; a
 * parameter is exactly one segment, not empty, percent-decoded; a trailing slash is another path.
 */
import type { AnyReply, Method, Route } from './route.ts'

/** A route whose services are already bound, see `bindRoutes`. */
export type AnyRoute = Omit<Route<unknown>, 'handle'> & {
  readonly handle: (request: Parameters<Route<unknown>['handle']>[0]) => Promise<AnyReply>
}

export type Match =
  | { readonly kind: 'found'; readonly route: AnyRoute; readonly params: Readonly<Record<string, string>> }
  /** The path is known. `allow` lists what it has, for the `Allow` header (RFC 9110 §10.2.1). */
  | { readonly kind: 'other_method'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' }

export interface Router {
  match(method: string, path: string): Match
}

interface Entry {
  readonly segments: readonly string[]
  readonly byMethod: Map<string, AnyRoute>
}

const PARAMETER = /^\{(\w+)\}$/

const parameterName = (segment: string): string | undefined => PARAMETER.exec(segment)?.[1]

/** Throws at cold start when two routes share method and path, whatever their parameters are called. */
export function createRouter(routes: readonly AnyRoute[]): Router {
  const entries = new Map<string, Entry>()
  for (const route of routes) {
    const segments = route.path.slice(1).split('/')
    const shape = `/${segments.map((segment) => (parameterName(segment) === undefined ? segment : '{}')).join('/')}`
    const entry = entries.get(shape) ?? { segments, byMethod: new Map<string, AnyRoute>() }
    const twin = entry.byMethod.get(route.method)
    if (twin !== undefined)
      throw new Error(
        `expected one route for ${route.method} ${shape}, got ${twin.operationId} and ${route.operationId}`,
      )
    entry.byMethod.set(route.method, route)
    entries.set(shape, entry)
  }
  const ordered = [...entries.values()].sort(literalFirst)
  return { match: (method, path) => match(ordered, method, path) }
}

/** Sorts the entry first that has a literal where the other has a parameter, from the left. */
function literalFirst(a: Entry, b: Entry): number {
  for (const [index, segment] of a.segments.entries()) {
    const mine = parameterName(segment) === undefined ? 0 : 1
    const theirs = parameterName(b.segments[index] ?? '') === undefined ? 0 : 1
    if (mine !== theirs) return mine - theirs
  }
  return 0
}

function match(entries: readonly Entry[], method: string, path: string): Match {
  const segments = decodedSegments(path)
  if (segments === undefined) return { kind: 'unknown' }
  const allow = new Set<string>()
  for (const entry of entries) {
    if (!fits(entry.segments, segments)) continue
    const route = entry.byMethod.get(method) ?? (method === 'HEAD' ? entry.byMethod.get('GET') : undefined)
    if (route !== undefined) return { kind: 'found', route, params: paramsOf(route, segments) }
    for (const known of methodsOf(entry)) allow.add(known)
  }
  return allow.size > 0 ? { kind: 'other_method', allow: [...allow].sort() } : { kind: 'unknown' }
}

/** Undefined for malformed percent-encoding: no route has such a path. */
function decodedSegments(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined
  try {
    return path.slice(1).split('/').map(decodeURIComponent)
  } catch {
    return undefined
  }
}

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every((part, index) =>
    parameterName(part) === undefined ? part === segments[index] : segments[index] !== '',
  )

/** By the route's own names: routes of one shape may call a parameter differently. */
function paramsOf(route: AnyRoute, segments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    route.path
      .slice(1)
      .split('/')
      .flatMap((part, index) => {
        const name = parameterName(part)
        return name === undefined ? [] : [[name, segments[index] ?? '']]
      }),
  )
}

const methodsOf = (entry: Entry): readonly string[] => [
  ...entry.byMethod.keys(),
  ...(entry.byMethod.has('GET' satisfies Method) ? ['HEAD'] : []),
  'OPTIONS',
]
