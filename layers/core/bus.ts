/**
 * The wrapper of functions that a bus rule invokes, one event each. Whatever is thrown makes Lambda try again, twice, and
 * then send the event to the function's dead-letter queue; an event that does not fit its schema takes the same way,
 * so that it can be sent again once the function understands it.
 */
import * as z from 'zod'
import type { BusEvent } from './event.ts'
import { describeIssue, fieldErrors } from './field-errors.ts'
import { type EventHandler, eventHandler, type Invocation, type WrapperOptions } from './invocation.ts'
import type { TraceContext } from './trace.ts'

export interface BusHandlerOptions<Schema extends z.ZodType<BusEvent>> extends WrapperOptions {
  /** `eventSchema(…)`, or a union of several. */
  readonly schema: Schema
  /** `trace` continues the event's `traceparent`. */
  handle(event: z.output<Schema>, invocation: Invocation & { readonly trace: TraceContext }): Promise<void>
}

/** EventBridge's frame; our envelope is the detail. */
const frameSchema = z.object({ id: z.string(), source: z.string(), 'detail-type': z.string(), detail: z.unknown() })

export function busHandler<Schema extends z.ZodType<BusEvent>>(options: BusHandlerOptions<Schema>): EventHandler<void> {
  return eventHandler(options, async (frame, invocation) => {
    const { detail, source, 'detail-type': type } = frameSchema.parse(frame)
    invocation.log.set({ source, type })
    const parsed = options.schema.safeParse(detail, { error: describeIssue, reportInput: true })
    if (!parsed.success) {
      const faults = fieldErrors(parsed.error.issues).map(({ pointer, code }) => `${pointer} ${code}`)
      throw new Error(`expected an event ${type} as its schema describes it, got faults at ${faults.join(', ')}`)
    }
    const event = parsed.data
    const trace = invocation.traceFrom(event.traceparent)
    invocation.log.set({ eventId: event.id, workspaceId: event.workspaceId, traceId: trace.traceId })
    await options.handle(event, { ...invocation, trace })
  })
}
