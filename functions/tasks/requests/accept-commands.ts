/** Commands of other services → tasks, each once. */
import type { Ids } from '#core/ids.ts'
import type { InvocationLog } from '#core/log.ts'
import type { SqsMessage } from '#core/sqs.ts'
import type { TaskCommand } from '#core/task-command.ts'
import { formatTraceparent } from '#core/trace.ts'
import type { DelayedHint } from '../hints/hint.ts'
import type { FindDefinition } from '../kinds/definitions.ts'
import { commandKey } from '../task.ts'
import { type EnqueueStores, enqueue } from './enqueue.ts'
import { newTask } from './new-task.ts'

export interface CommandServices extends EnqueueStores {
  readonly findDefinition: FindDefinition
  readonly ids: Ids
}

/**
 * A command that can't become a task (unknown name, input that does not fit) comes back until the queue gives it up:
 * nobody waits for an answer, so the dead-letter queue is where its sender's mistake is seen and mended.
 * @returns the ids of the messages that failed
 */
export async function acceptCommands(
  messages: readonly SqsMessage<TaskCommand>[],
  services: CommandServices,
  now: Date,
  log: InvocationLog,
): Promise<readonly string[]> {
  // One hint for all tasks of a queue: the dispatcher's time is what everybody waits for.
  const hints = new Map<string, DelayedHint>()
  const collectHints: EnqueueStores['sendHints'] = async (collected) => {
    for (const each of collected) hints.set(JSON.stringify(each), each)
  }
  const failed = await Promise.all(
    messages.map(async (message) => {
      try {
        return (await accept(message, { ...services, sendHints: collectHints }, now, log)) ? [] : [message.id]
      } catch (error) {
        log.fail(error)
        return [message.id]
      }
    }),
  )
  // See `enqueue`: one that is lost is a delay, no failure.
  await services.sendHints([...hints.values()]).catch((error: unknown) => log.fail(error, 'warn'))
  return failed.flat()
}

async function accept(
  { body, trace }: SqsMessage<TaskCommand>,
  services: CommandServices,
  now: Date,
  log: InvocationLog,
): Promise<boolean> {
  const { id, workspaceId, name, input, queue, runAt, priority } = body
  const request = { name, input: input, queue, runAt, priority, idempotencyKey: commandKey(id) }
  const traceparent = body.traceparent === '' ? formatTraceparent(trace) : body.traceparent
  const origin = { id: services.ids('tsk'), workspaceId, createdBy: 'command', traceparent }
  const decision = newTask(request, origin, services.findDefinition, now)
  if (!decision.ok) {
    log.note('error', 'command refused', { commandId: id, workspaceId, task: name, faults: decision.errors })
    return false
  }
  const outcome = await enqueue(decision.created, services, now, () => {})
  switch (outcome.kind) {
    case 'created':
      log.metric('acceptedCommands', 1)
      return true
    case 'exists':
      log.metric('repeatedCommands', 1)
      return true
    case 'key_reused':
    case 'too_many_queues':
      log.note('error', 'command refused', { commandId: id, workspaceId, task: name, reason: outcome.kind })
      return false
  }
}
