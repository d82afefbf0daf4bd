/** Changes a deployed function's environment variables for as long as something runs. */
import {
  GetFunctionConfigurationCommand,
  type LambdaClient,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda'

/** Longest wait for an update; on a busy machine one takes a few seconds. */
const UPDATE_SECONDS = 30

/** Sets `variables` beside the function's own, runs, and puts back what was there, whatever happens. */
export async function withEnvironment<T>(
  lambda: LambdaClient,
  functionName: string,
  variables: Readonly<Record<string, string>>,
  run: () => Promise<T>,
): Promise<T> {
  const configuration = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }))
  const before = configuration.Environment?.Variables ?? {}
  await update(lambda, functionName, { ...before, ...variables })
  try {
    return await run()
  } finally {
    await update(lambda, functionName, before)
  }
}

async function update(lambda: LambdaClient, functionName: string, variables: Record<string, string>): Promise<void> {
  await lambda.send(
    new UpdateFunctionConfigurationCommand({ FunctionName: functionName, Environment: { Variables: variables } }),
  )
  await waitUntilFunctionUpdatedV2(
    { client: lambda, maxWaitTime: UPDATE_SECONDS, minDelay: 1, maxDelay: 1 },
    { FunctionName: functionName },
  )
}
