/**
 * The wrapper of tasks of a state machine. Input and output are checked, because what a task gives out is what the next
 * one gets. Errors reach `Retry` and `Catch` by their names (`ErrorEquals`): `InvalidInput`, `InvalidOutput`,
 * `DependencyUnavailable` for what passes, a Problem's code in PascalCase, else the error's own name.
 */
import type * as z from 'zod'
import { dependencyProblem } from './dependency.ts'
import { describeIssue, fieldErrors } from './field-errors.ts'
import { type EventHandler, eventHandler, type Invocation, type WrapperOptions } from './invocation.ts'
import { Problem } from './problem.ts'

export interface StepHandlerOptions<Input extends z.ZodType, Output extends z.ZodType> extends WrapperOptions {
  readonly input: Input
  readonly output: Output
  handle(input: z.output<Input>, invocation: Invocation): Promise<z.input<Output>>
}

/** Step Functions reads the name from Lambda's `errorType`, which is the error's name. */
export class StepError extends Error {
  override readonly name: string

  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = name
  }
}

export function stepHandler<Input extends z.ZodType, Output extends z.ZodType>(
  options: StepHandlerOptions<Input, Output>,
): EventHandler<z.output<Output>> {
  return eventHandler(options, async (event, invocation) => {
    const input = checked(options.input, event, 'InvalidInput')
    const output = await options.handle(input, invocation).catch((error: unknown) => {
      throw named(error)
    })
    return checked(options.output, output, 'InvalidOutput')
  })
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, name: string): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: describeIssue, reportInput: true })
  if (parsed.success) return parsed.data
  const faults = fieldErrors(parsed.error.issues).map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`)
  throw new StepError(name, faults.join('; '))
}

function named(error: unknown): unknown {
  const problem = error instanceof Problem ? error : dependencyProblem(error)
  return problem === undefined ? error : new StepError(pascalCase(problem.code), problem.detail, { cause: error })
}

const pascalCase = (code: string): string =>
  code
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
