/** From what a caller asks for to a task: checked, with its defaults, in its first state. Pure. */
import { createHash } from 'node:crypto'
import { describeIssue, fieldErrors } from '#core/field-errors.ts'
import type { Json } from '#core/json.ts'
import type { FieldError } from '#core/problem.ts'
import type { FindDefinition } from '../kinds/definitions.ts'
import type { NewTask } from '../states/tasks.store.ts'
import { INLINE_INPUT_BYTES, MAX_DELAY_MS, MAX_INPUT_BYTES, QUEUE_NAME, type Task } from '../task.ts'

export interface TaskRequest {
  readonly name: string
  readonly input: Json
  readonly queue?: string | undefined
  /** RFC 3339. In the past is now. */
  readonly runAt?: string | undefined
  readonly priority?: number | undefined
  readonly idempotencyKey?: string | undefined
}

/** Who asks, and the id that the task gets. */
export interface Origin {
  readonly id: string
  readonly workspaceId: string
  readonly createdBy: string
  readonly traceparent: string
}

export type NewTaskDecision =
  | { readonly ok: true; readonly created: NewTask }
  | { readonly ok: false; readonly errors: readonly FieldError[] }

export function newTask(
  request: TaskRequest,
  origin: Origin,
  findDefinition: FindDefinition,
  now: Date,
): NewTaskDecision {
  const definition = findDefinition(request.name)
  const text = JSON.stringify(request.input)
  const inputBytes = Buffer.byteLength(text)
  const errors: FieldError[] = []
  const fault = (pointer: string, code: string, detail: string) => errors.push({ pointer, code, detail })
  if (definition === undefined) fault('/name', 'unknown_task', `expected the name of a task, got ${request.name}`)
  if (request.queue !== undefined && !QUEUE_NAME.test(request.queue))
    fault('/queue', 'queue_name', 'expected 1 to 64 lower-case letters, digits, and . _ - between them')
  const delayMs = request.runAt === undefined ? 0 : Date.parse(request.runAt) - now.getTime()
  if (delayMs > MAX_DELAY_MS) fault('/runAt', 'too_late', `expected a time within 366 days, got ${request.runAt}`)
  if (inputBytes > MAX_INPUT_BYTES)
    fault('/input', 'input_too_large', `expected at most ${MAX_INPUT_BYTES} bytes, got ${inputBytes}`)
  const parsed = definition?.input.safeParse(request.input, { error: describeIssue, reportInput: true })
  if (parsed?.success === false) errors.push(...fieldErrors(parsed.error.issues, ['input']))
  if (definition === undefined || errors.length > 0) return { ok: false, errors }

  const at = now.toISOString()
  const waits = delayMs > 0
  const inline = inputBytes <= INLINE_INPUT_BYTES
  const task: Task = {
    ...origin,
    name: definition.name,
    queue: request.queue ?? definition.queue,
    priority: request.priority ?? definition.priority,
    status: waits ? 'scheduled' : 'queued',
    version: 1,
    fence: 0,
    failures: 0,
    crashes: 0,
    redrives: 0,
    createdAt: at,
    updatedAt: at,
    since: at,
    runAt: waits ? new Date(now.getTime() + delayMs).toISOString() : at,
    // As it came: the definition's defaults are filled in when it runs, by the code that runs it.
    ...(inline && { input: request.input }),
    inputBytes,
    ...(request.idempotencyKey !== undefined && { idempotencyKey: request.idempotencyKey }),
    history: [{ at, status: waits ? 'scheduled' : 'queued' }],
  }
  const fingerprint = request.idempotencyKey === undefined ? undefined : fingerprintOf(request)
  return { ok: true, created: { task, largeInput: inline ? undefined : request.input, fingerprint } }
}

/** The same for the same request, whatever the order of the input's fields. */
export const fingerprintOf = ({ name, input, queue, runAt, priority }: TaskRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([name, sorted(input), queue ?? null, runAt ?? null, priority ?? null]))
    .digest('base64url')

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, sorted(item)]))
}
