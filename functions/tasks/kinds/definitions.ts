/** Every kind of task that there is. A new one is defined in a file of its own and added here. */
import { emailSend } from './email-send.ts'
import { httpRequest } from './http-request.ts'
import type { KnownTask } from './task-definition.ts'
import { webhookDeliver } from './webhook-deliver.ts'

export const DEFINITIONS: readonly KnownTask[] = [httpRequest, emailSend, webhookDeliver]

const byName: ReadonlyMap<string, KnownTask> = new Map(DEFINITIONS.map((definition) => [definition.name, definition]))

export type FindDefinition = (name: string) => KnownTask | undefined

/** Undefined for a name that this version of the code does not know. */
export const findDefinition: FindDefinition = (name) => byName.get(name)
