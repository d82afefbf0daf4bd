/** The environment variables of this service's functions: set by `infra/tasks.ts`, read once at cold start. */
import { defineEnvironment } from '#core/environment.ts'
import { KIT_VARIABLES } from '#core/kit-environment.ts'

/**
 * `TASKS_TABLE` is a table name, `HINTS_QUEUE_URL` a queue's whole URL, `EVENT_BUS` the bus's name, `RUNNER_FUNCTION` the
 * name of the function of `run.lambda.ts`, `MAIL_FROM` the sender of every mail,
 * `PAYMENTS_TABLE` the table of the payments service, which has the webhooks, `KIT_SECRET_ID` the secret that theirs are sealed with. Switches are `on` or `off`:
 * `ALLOW_LOOPBACK` lets `http.request` and webhooks call this machine, `INBOX` shows the mails of a local cloud.
 */
export const apiEnvironment = defineEnvironment(['TASKS_TABLE', 'HINTS_QUEUE_URL', 'INBOX', ...KIT_VARIABLES])
export const acceptCommandsEnvironment = defineEnvironment(['TASKS_TABLE', 'HINTS_QUEUE_URL'])
export const dispatchEnvironment = defineEnvironment(['TASKS_TABLE', 'HINTS_QUEUE_URL', 'RUNNER_FUNCTION'])
export const runEnvironment = defineEnvironment([
  'TASKS_TABLE',
  'HINTS_QUEUE_URL',
  'MAIL_FROM',
  'ALLOW_LOOPBACK',
  'PAYMENTS_TABLE',
  'KIT_SECRET_ID',
])
export const tickEnvironment = defineEnvironment(['TASKS_TABLE', 'HINTS_QUEUE_URL'])
export const wakeQueuesEnvironment = defineEnvironment(['HINTS_QUEUE_URL'])
export const publishEventsEnvironment = defineEnvironment(['EVENT_BUS'])
