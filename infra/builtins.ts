/**
 * An esbuild plugin: CommonJS packages that call `require('crypto')` get Node's own modules by an ESM import instead.
 * Otherwise every bundle with such a package would need `createRequire`, at the cost of every cold start.
 */
import { isBuiltin } from 'node:module'
import type { Plugin } from 'esbuild'

/** What the CommonJS caller gets: the default export, which for Node's modules is what `require` gives. */
const CALLED = 'builtin-called'
const IMPORTED = 'builtin-imported'

export const builtinsByImport: Plugin = {
  name: 'builtins-by-import',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path, namespace }) =>
      kind === 'require-call' && isBuiltin(path)
        ? { path, namespace: namespace === CALLED ? IMPORTED : CALLED, sideEffects: false }
        : undefined,
    )
    build.onLoad({ filter: /./, namespace: CALLED }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)}).default`,
    }))
    build.onLoad({ filter: /./, namespace: IMPORTED }, ({ path }) => ({
      contents: `export { default } from ${JSON.stringify(path.startsWith('node:') ? path : `node:${path}`)}`,
    }))
  },
}
