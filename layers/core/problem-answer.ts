/** Any error → the answer that the caller sees. What it doesn't know is `internal_error`; the cause goes to the log. */
import { dependencyProblem } from './dependency.ts'
import type { Exchange, HttpAnswer } from './exchange.ts'
import { PROBLEM_CONTENT_TYPE, Problem, problemDocument } from './problem.ts'

const FIRST_SERVER_ERROR = 500

/** The problem that an error is, or stands for. */
export const problemOf = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : (dependencyProblem(error) ??
      new Problem('internal_error', 'Please try again; if it stays, quote the request id.', { cause: error }))

/** Also writes the code and, for faults of ours, the private cause into the invocation's log line. */
export function problemAnswer(error: unknown, exchange: Pick<Exchange, 'log' | 'requestId'>): HttpAnswer {
  const problem = problemOf(error)
  exchange.log.set({ code: problem.code })
  if (problem.errors.length > 0) exchange.log.set({ pointers: problem.errors.map(({ pointer }) => pointer) })
  if (problem.status >= FIRST_SERVER_ERROR) exchange.log.fail(problem.cause ?? problem)
  else if (problem.cause !== undefined) exchange.log.fail(problem.cause, 'info')
  return {
    status: problem.status,
    headers: { ...problem.headers, 'content-type': PROBLEM_CONTENT_TYPE },
    body: JSON.stringify(problemDocument(problem, exchange.requestId)),
  }
}
