/** Starts runners: asynchronous invocations of `run.lambda.ts`. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import type { RunnerOrder } from './runner-order.ts'

/** Resolves when Lambda has taken the order; rejects when it has not. */
export type StartRunner = (order: RunnerOrder) => Promise<void>

export const createStartRunner =
  (client: LambdaClient, functionName: string): StartRunner =>
  async (order) => {
    await client.send(
      new InvokeCommand({
        FunctionName: functionName,
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(order)),
      }),
    )
  }
