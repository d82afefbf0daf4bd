/** The environment variables of the docs function: set by `infra/docs.ts`, read once at cold start. */
import { defineEnvironment } from '#core/environment.ts'

/** `PUBLIC_ORIGIN` is what the examples are addressed to. */
export const docsEnvironment = defineEnvironment(['PUBLIC_ORIGIN'])
