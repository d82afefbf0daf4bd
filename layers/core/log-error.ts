/** What the log says about an error: enough to find the cause, bounded in size. Pure. */
export interface LoggedError {
  readonly name: string
  readonly message: string
  /** The first lines of the stack, without the message. */
  readonly stack?: readonly string[]
  /** As on Node's system errors and Problems: `ECONNREFUSED`, `not_found`. */
  readonly code?: string
  /** From the AWS SDK: what to quote to AWS support, the status, and how often it was tried. */
  readonly aws?: { readonly requestId?: string; readonly status?: number; readonly attempts?: number }
  readonly cause?: LoggedError
}

const MAX_MESSAGE_LENGTH = 2_000
const MAX_STACK_LINES = 8
/** Deep enough for Problem → SDK error → socket error; also ends a chain that contains itself. */
const MAX_CAUSES = 4

interface MaybeAwsError {
  readonly code?: unknown
  readonly $metadata?: { readonly requestId?: string; readonly httpStatusCode?: number; readonly attempts?: number }
}

export function describeError(error: unknown, depth = 1): LoggedError {
  if (!(error instanceof Error)) return { name: 'NonError', message: String(error).slice(0, MAX_MESSAGE_LENGTH) }
  const { code, $metadata } = error as MaybeAwsError
  const stack = error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MAX_STACK_LINES)
    .map((line) => line.trim())
  return {
    name: error.name,
    message: error.message.slice(0, MAX_MESSAGE_LENGTH),
    ...(typeof code === 'string' && { code }),
    ...($metadata !== undefined && { aws: awsFacts($metadata) }),
    ...(stack !== undefined && stack.length > 0 && { stack }),
    ...(error.cause !== undefined && depth < MAX_CAUSES && { cause: describeError(error.cause, depth + 1) }),
  }
}

function awsFacts(metadata: NonNullable<MaybeAwsError['$metadata']>): NonNullable<LoggedError['aws']> {
  const { requestId, httpStatusCode, attempts } = metadata
  return {
    ...(requestId !== undefined && { requestId }),
    ...(httpStatusCode !== undefined && { status: httpStatusCode }),
    ...(attempts !== undefined && { attempts }),
  }
}
