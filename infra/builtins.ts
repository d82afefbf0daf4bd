/**
 * An esbuild plugin: bundles take Node's own modules by `process.getBuiltinModule`, and of each only what they use.
 *
 * An ES module that imports a built-in makes Node read every export of it. For `node:http` that reads `WebSocket`,
 * which loads undici: 10 to 20 ms of every cold start (Node 24, `bench/cold-start`), for nothing. CommonJS packages
 * that call `require('crypto')` get the module the same way, so no bundle needs `createRequire`.
 */
import { isBuiltin } from 'node:module'
import type { Plugin } from 'esbuild'

const IMPORTED = 'builtin-imported'
const REQUIRED = 'builtin-required'

/** Whoever takes a whole module (`await import('node:http')`) gets it without these, which load undici when read. */
const LOADED_ON_READ = new Set(['WebSocket', 'CloseEvent', 'MessageEvent'])

const prefixed = (path: string): string => (path.startsWith('node:') ? path : `node:${path}`)

export const leanBuiltins: Plugin = {
  name: 'lean-builtins',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) => {
      if (!isBuiltin(path)) return undefined
      const namespace = kind === 'require-call' ? REQUIRED : IMPORTED
      return { path: prefixed(path), namespace, sideEffects: false }
    })
    build.onLoad({ filter: /./, namespace: REQUIRED }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
    build.onLoad({ filter: /./, namespace: IMPORTED }, ({ path }) => ({ contents: asNeeded(path) }))
  },
}

/** Each export is a call that esbuild may leave out where nobody uses it. */
function asNeeded(path: string): string {
  const names = Object.keys(process.getBuiltinModule(path) ?? {}).filter(
    (name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default' && !LOADED_ON_READ.has(name),
  )
  return [
    `const builtin = process.getBuiltinModule(${JSON.stringify(path)})`,
    'const read = (name) => builtin[name]',
    'export default builtin',
    ...names.map((name) => `const of_${name} = /* @__PURE__ */ read(${JSON.stringify(name)})`),
    `export { ${names.map((name) => `of_${name} as ${name}`).join(', ')} }`,
  ].join('\n')
}
