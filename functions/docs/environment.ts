/** The API reference is public and reads nothing but its own bundle: no environment variables. */
import { defineEnvironment } from '#core/environment.ts'

export const docsEnvironment = defineEnvironment([])
