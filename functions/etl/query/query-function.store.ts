/** Asks the query function. A function that died while it worked on the query had too little memory for it. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import * as z from 'zod'
import { type QueryAnswer, type QueryRequest, queryAnswer } from './contract.ts'

/** Longer than the query function may take, shorter than API Gateway waits. Asked once: a second try would take as long. */
export const QUERY_ANSWER_TIMEOUT_MS = 27_000

export type AskQuery = (request: QueryRequest) => Promise<QueryAnswer>

const failureSchema = z.object({ errorType: z.string().default(''), errorMessage: z.string().default('') })

/** https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-execution.html */
const DIED = new Set(['Runtime.ExitError', 'Runtime.OutOfMemory'])
const TIMED_OUT = 'Sandbox.Timedout'

export const createAskQuery =
  (client: LambdaClient, functionName: string): AskQuery =>
  async (request) => {
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) }),
    )
    const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString())
    if (FunctionError === undefined) return queryAnswer.parse(answer)
    const { errorType, errorMessage } = failureSchema.parse(answer)
    if (DIED.has(errorType))
      return { kind: 'refused', code: 'memory_limit', detail: 'expected the query to need less memory' }
    if (errorType === TIMED_OUT || /Task timed out/.test(errorMessage))
      return { kind: 'refused', code: 'time_limit', detail: 'expected the query to end in time' }
    throw new Error(`expected the query function to answer, got ${errorType}: ${errorMessage}`)
  }
