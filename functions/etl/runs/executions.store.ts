/** Starts executions of the state machine. Never reads them: the run in the table says how far it is. */
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'
import type { RunInput } from './start-run.ts'

/** An execution of this name exists already: with the same input, since it is made of the name. */
const isStarted = (error: unknown): boolean => error instanceof Error && error.name === 'ExecutionAlreadyExists'

export const createStartExecution =
  (client: SFNClient, stateMachineArn: string) =>
  async (name: string, input: RunInput): Promise<void> => {
    try {
      await client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }))
    } catch (error) {
      if (!isStarted(error)) throw error
    }
  }
