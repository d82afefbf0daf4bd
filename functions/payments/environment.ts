/** The environment variables of this service's functions: set by `infra/payments*.ts`, read once at cold start. */
import { defineEnvironment } from '#core/environment.ts'
import { KIT_VARIABLES } from '#core/kit-environment.ts'

/**
 * `PAYMENTS_TABLE` is a table name, `…_QUEUE_URL` a queue's whole URL, `EVENT_BUS` the bus's name. `ALLOW_LOOPBACK` is
 * `on` or `off`: whether webhooks may go to this machine.
 */
export const apiEnvironment = defineEnvironment([
  'PAYMENTS_TABLE',
  'TASK_COMMANDS_QUEUE_URL',
  'ALLOW_LOOPBACK',
  ...KIT_VARIABLES,
])
export const stripeEnvironment = defineEnvironment(['PAYMENTS_TABLE', 'ALLOW_LOOPBACK', ...KIT_VARIABLES])
export const checkoutEnvironment = defineEnvironment(['PAYMENTS_TABLE', ...KIT_VARIABLES])
export const receiveWebhooksEnvironment = defineEnvironment(['PAYMENTS_TABLE', 'KIT_SECRET_ID'])
export const applyWebhooksEnvironment = defineEnvironment(['PAYMENTS_TABLE'])
export const fanOutEventsEnvironment = defineEnvironment(['PAYMENTS_TABLE', 'TASK_COMMANDS_QUEUE_URL'])
export const forwardChangesEnvironment = defineEnvironment(['PAID_QUEUE_URL', 'RECEIVED_QUEUE_URL', 'EVENTS_QUEUE_URL'])
export const issueReceiptsEnvironment = defineEnvironment(['PAYMENTS_TABLE', 'ACCESS_TABLE', 'TASK_COMMANDS_QUEUE_URL'])
export const publishEventsEnvironment = defineEnvironment(['EVENT_BUS'])
export const tickEnvironment = defineEnvironment(['PAYMENTS_TABLE', 'ACCESS_TABLE', 'TASK_COMMANDS_QUEUE_URL'])
