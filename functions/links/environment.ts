/** The environment variables of this service's functions: set by `infra/links.ts`, read once at cold start. */
import { defineEnvironment } from '#core/environment.ts'
import { KIT_VARIABLES } from '#core/kit-environment.ts'

/** `LINKS_TABLE` is a table name, `CLICKS_QUEUE_URL` the queue's whole URL, `EVENT_BUS` the bus's name. */
export const apiEnvironment = defineEnvironment(['LINKS_TABLE', ...KIT_VARIABLES])
export const redirectEnvironment = defineEnvironment(['LINKS_TABLE', 'CLICKS_QUEUE_URL'])
export const countClicksEnvironment = defineEnvironment(['LINKS_TABLE', 'EVENT_BUS'])
export const publishEventsEnvironment = defineEnvironment(['EVENT_BUS'])
export const forgetClicksEnvironment = defineEnvironment(['LINKS_TABLE'])
