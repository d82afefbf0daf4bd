/**
 * An expected reason why a command can't go on: what was expected, what was found, what to do. The command line
 * prints message and hint without a stack and exits with 1; a test asserts the code.
 */
export type RefusalCode =
  | 'node_too_old'
  | 'node_24_missing'
  | 'no_network'
  | 'python_missing'
  | 'python_too_old'
  | 'dynoxide_missing'
  | 'set_up_failed'
  | 'set_up_stuck'
  | 'port_taken'
  | 'localstack_unhealthy'
  | (string & {})

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  /** What the reader can do about it. */
  readonly hint: string | undefined

  constructor(code: RefusalCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.hint = hint
  }
}
