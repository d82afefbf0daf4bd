/** Asks the tasks service for work, by its command queue. Never waits for the task. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { MAX_COMMAND_BYTES, type TaskCommand } from './task-command.ts'

/**
 * Resolves when the command is stored durably. Rejects when the queue can't be reached; sending the same command again
 * is harmless.
 */
export type EnqueueTask = (command: TaskCommand) => Promise<void>

/** `queueUrl` from the variable that `grantEnqueueTask` sets. */
export const createEnqueueTask =
  (client: SQSClient, queueUrl: string): EnqueueTask =>
  async (command) => {
    const body = JSON.stringify(command)
    const bytes = Buffer.byteLength(body)
    if (bytes > MAX_COMMAND_BYTES) throw new RangeError(`expected at most ${MAX_COMMAND_BYTES} bytes, got ${bytes}`)
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageAttributes: { traceparent: { DataType: 'String', StringValue: command.traceparent } },
      }),
    )
  }
