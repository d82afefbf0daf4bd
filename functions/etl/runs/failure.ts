/** What `Catch` of the state machine says about a failed step, for the run's owner. Pure. */
import * as z from 'zod'
import { INPUT_FAULTS } from '../convert/faults.ts'

export interface Failure {
  readonly status: 'rejected' | 'failed'
  readonly name: string
  /** Public: of our own failures nothing but that they are ours. */
  readonly detail: string
}

/** Lambda's: https://docs.aws.amazon.com/lambda/latest/dg/typescript-exceptions.html */
const causeSchema = z.object({ errorMessage: z.string() })

const MAX_DETAIL_LENGTH = 1_000

export function failureOf({ Error: name, Cause: cause }: { readonly Error: string; readonly Cause: string }): Failure {
  if (!Object.hasOwn(INPUT_FAULTS, name))
    return { status: 'failed', name, detail: 'Something went wrong on our side. Land the file again to try once more.' }
  return { status: 'rejected', name, detail: messageOf(cause).slice(0, MAX_DETAIL_LENGTH) }
}

function messageOf(cause: string): string {
  try {
    return causeSchema.parse(JSON.parse(cause)).errorMessage
  } catch {
    return ''
  }
}
