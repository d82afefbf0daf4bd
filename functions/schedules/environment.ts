/** The environment variables of this service's functions: set by `infra/schedules.ts`, read once at cold start. */
import { defineEnvironment } from '#core/environment.ts'
import { KIT_VARIABLES } from '#core/kit-environment.ts'

/**
 * `SCHEDULES_TABLE` is a table name, `DUE_QUEUE_URL` and `TASK_COMMANDS_URL` are whole URLs of queues, `EVENT_BUS` is the
 * bus's name.
 */
export const apiEnvironment = defineEnvironment(['SCHEDULES_TABLE', 'DUE_QUEUE_URL', ...KIT_VARIABLES])
export const tickEnvironment = defineEnvironment(['SCHEDULES_TABLE', 'DUE_QUEUE_URL'])
export const fireEnvironment = defineEnvironment(['SCHEDULES_TABLE', 'DUE_QUEUE_URL'])
export const startTasksEnvironment = defineEnvironment(['SCHEDULES_TABLE', 'TASK_COMMANDS_URL'])
export const recordTasksEnvironment = defineEnvironment(['SCHEDULES_TABLE'])
export const publishEventsEnvironment = defineEnvironment(['EVENT_BUS'])
