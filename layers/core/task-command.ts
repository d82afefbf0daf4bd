/**
 * How another service asks for a task: one message on the queue `backlot-tasks-commands`. The id is the idempotency
 * key: however often the message is sent or delivered, the task exists once. Pure.
 */
import * as z from 'zod'

/** Bytes of a message, the limit of every SQS queue since it began (newer queues take 1 MiB). */
export const MAX_COMMAND_BYTES = 256 * 1024

export const taskCommand = z.object({
  /** Chosen by the sender, the same on every try: `<what it is about>#<its id>`. */
  id: z.string().min(1).max(200),
  workspaceId: z.string().min(1).max(64),
  /** Of a definition in `functions/tasks/kinds/`: `http.request`, `email.send`. */
  name: z.string().min(1).max(64),
  /** As the definition's schema takes it; one that doesn't fit goes to the dead-letter queue. */
  input: z.json(),
  /** @default the definition's */
  queue: z.string().optional(),
  /** RFC 3339, UTC, at most a year ahead. @default at once */
  runAt: z.iso.datetime().optional(),
  /** 0 to 9, later to first. @default the definition's */
  priority: z.int().min(0).max(9).optional(),
  /** Of the request that led to it (W3C Trace Context). */
  traceparent: z.string(),
})

export type TaskCommand = z.infer<typeof taskCommand>
