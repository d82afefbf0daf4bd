/**
 * An esbuild plugin: the SDK takes credentials from the environment, where Lambda puts them
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), and nowhere else. Its default chain goes on to profiles,
 * single sign-on, processes, web identities and the metadata of machines, with a client for each: a tenth of every bundle, never reached.
 */
import type { Plugin } from 'esbuild'

const CHAIN = '@aws-sdk/credential-provider-node'
const NAMESPACE = 'environment-credentials'

export const environmentCredentials: Plugin = {
  name: 'environment-credentials',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${CHAIN}$`) }, ({ path, resolveDir }) => ({
      path,
      namespace: NAMESPACE,
      pluginData: resolveDir,
    }))
    build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ pluginData }) => ({
      contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env'",
      resolveDir: pluginData as string,
    }))
  },
}
