/** The limits of every SDK client that a request can afford, and what DynamoDB's answers mean. Pure; clients are made elsewhere. */
/** Within a region a connection takes a few milliseconds; one that takes longer is better tried again. */
export const CONNECTION_TIMEOUT_MS = 1_000
/** DynamoDB answers within tens of milliseconds. Three attempts of this fit into an API's ten seconds. */
export const REQUEST_TIMEOUT_MS = 2_500
/** The first and two more, with the SDK's jittered backoff between them. */
export const MAX_ATTEMPTS = 3
/** One execution environment serves one request at a time; this many parallel calls are a large fan-out. */
const MAX_SOCKETS = 50

/** Common to all SDK clients of ours; connections are kept alive by the SDK's default agent. */
export const CLIENT_LIMITS = {
  maxAttempts: MAX_ATTEMPTS,
  requestHandler: {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
  },
} as const

interface DynamoError {
  readonly name: string
  readonly CancellationReasons?: readonly { readonly Code?: string }[]
}

/**
 * True when a write failed by its own condition, alone or as the reason why a transaction was cancelled. False while
 * another transaction was in the way: whether the condition holds is then not known.
 */
export function conditionFailed(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { name, CancellationReasons = [] } = error as DynamoError
  if (name === 'ConditionalCheckFailedException') return true
  return (
    name === 'TransactionCanceledException' && CancellationReasons.some(({ Code }) => Code === 'ConditionalCheckFailed')
  )
}

/** As DynamoDB reports it with `ReturnConsumedCapacity: 'TOTAL'`, for one command or one per table. */
interface Consumption {
  readonly CapacityUnits?: number | undefined
}

/** Capacity units of an answer in all; undefined where the target reports none. */
export function consumedCapacity(output: {
  readonly ConsumedCapacity?: Consumption | readonly Consumption[] | undefined
}): number | undefined {
  const { ConsumedCapacity } = output
  if (ConsumedCapacity === undefined) return undefined
  const parts = Array.isArray(ConsumedCapacity)
    ? (ConsumedCapacity as readonly Consumption[])
    : [ConsumedCapacity as Consumption]
  return parts.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)
}
