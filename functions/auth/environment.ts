/** The environment variables of this service's functions: set by `infra/auth.ts`, read once at cold start. */
import { defineEnvironment } from '#core/environment.ts'
import { KIT_VARIABLES } from '#core/kit-environment.ts'

/** `AUTH_TABLE` is a table name, the queues are whole URLs, `SIGNING_KEY_ID` is the id of the key that signs tokens. */
export const apiEnvironment = defineEnvironment(['AUTH_TABLE', 'MAILS_QUEUE_URL', ...KIT_VARIABLES])
export const sendMailsEnvironment = defineEnvironment([
  'AUTH_TABLE',
  'ACCESS_TABLE',
  'KIT_SECRET_ID',
  'PUBLIC_ORIGIN',
  'TASK_COMMANDS_QUEUE_URL',
])
export const publishEventsEnvironment = defineEnvironment(['EVENT_BUS'])
export const oauth2Environment = defineEnvironment(['AUTH_TABLE', 'SIGNING_KEY_ID', ...KIT_VARIABLES])
