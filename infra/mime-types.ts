/**
 * An esbuild plugin: packages that ask `mime-db` for media types get the few that our functions send and take. The web
 * framework of the OAuth engine and its parts each carry a copy of the whole list, 440 kB together, and turn each copy
 * into maps when they load: a third of that bundle and of its cold start, for JSON, forms and HTML.
 */
import type { Plugin } from 'esbuild'

/** As mime-db writes them: https://github.com/jshttp/mime-db#data-structure */
const TYPES = {
  'application/json': { source: 'iana', charset: 'UTF-8', compressible: true, extensions: ['json'] },
  'application/octet-stream': { source: 'iana', compressible: false, extensions: ['bin'] },
  'application/x-www-form-urlencoded': { source: 'iana', compressible: true },
  'multipart/form-data': { source: 'iana', compressible: false },
  'text/html': { source: 'iana', compressible: true, extensions: ['html', 'htm'] },
  'text/plain': { source: 'iana', compressible: true, extensions: ['txt', 'text'] },
} as const

const NAMESPACE = 'few-media-types'

export const fewMediaTypes: Plugin = {
  name: 'few-media-types',
  setup(build) {
    build.onResolve({ filter: /^mime-db$/ }, ({ path }) => ({ path, namespace: NAMESPACE }))
    build.onLoad({ filter: /./, namespace: NAMESPACE }, () => ({ contents: JSON.stringify(TYPES), loader: 'json' }))
  },
}
