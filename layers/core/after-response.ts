/**
 * Runs work after the answer has gone out, in the same invocation, so that a caller never waits for it.
 *
 * The function registers with Lambda's Extensions API as an internal extension
 * (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html): the answer leaves as soon as the
 * handler returns, and the environment is neither frozen nor given its next event until this extension asks for it.
 *
 *   handler   ──► returns ──► answer leaves
 *   extension ──────────────── tasks, in order ──► event/next ──► environment may freeze
 *
 * Where there is no such API, or it fails, `defer` runs the task before the answer instead: later, but never lost.
 * A task that still fails when the time is up is logged whole, so that it can be replayed.
 * Usable by the redirect: no library.
 */
import { setImmediate as afterPendingCallbacks, setTimeout as sleep } from 'node:timers/promises'
import { type Clock, SECOND } from './clock.ts'
import { type ExtensionClient, registerExtension } from './extension-api.ts'
import type { Logger } from './log.ts'

/** Idempotent: it runs again when it failed. */
export interface Task {
  /** Says in the log what was lost. */
  readonly name: string
  /** Everything that a replay needs; written to the log when the task is given up. */
  readonly payload: unknown
  run(): Promise<void>
}

/** What of Lambda's context is needed. */
export interface InvocationContext {
  readonly awsRequestId: string
  getRemainingTimeInMillis(): number
}

export type Handler<Event, Answer> = (event: Event, context: InvocationContext) => Promise<Answer>

export interface AfterResponse {
  /** Resolves at once as an extension, otherwise when the task is done or given up. Never rejects. */
  defer(task: Task): Promise<void>
  /** Tells this part where an invocation begins and ends; the exported handler must be wrapped in it. */
  around<Event, Answer>(handler: Handler<Event, Answer>): Handler<Event, Answer>
}

export interface AfterResponseOptions {
  readonly logger: Logger
  readonly clock: Clock
  /** `host:port` of the Extensions API; undefined outside Lambda. */
  readonly runtimeApi: string | undefined
}

/** Kept free before the function's timeout, for the log line of a lost task. */
const DEADLINE_RESERVE_MS = 250
const FIRST_RETRY_MS = 25
const LONGEST_RETRY_MS = SECOND
/** How long a caller may be kept waiting by tasks when they can't run after the answer. */
const BEFORE_ANSWER_LIMIT_MS = SECOND

/** Call it once, at cold start: registration is only possible during the function's init. */
export async function createAfterResponse(options: AfterResponseOptions): Promise<AfterResponse> {
  const runner = new Runner(options)
  const { runtimeApi } = options
  if (runtimeApi !== undefined) await runner.register(runtimeApi)
  return runner
}

class Runner implements AfterResponse {
  readonly #logger: Logger
  readonly #clock: Clock
  #tasks: Task[] = []
  /** True while the extension's loop lives; only then may work be left for it. */
  #isExtension = false
  /** One environment runs one invocation at a time, so ends and INVOKE events pair up in order. */
  readonly #ends = new Turnstile()
  #deadline = Number.POSITIVE_INFINITY
  #requestId: string | undefined

  constructor({ logger, clock }: AfterResponseOptions) {
    this.#logger = logger
    this.#clock = clock
  }

  async register(runtimeApi: string): Promise<void> {
    try {
      const extension = await registerExtension(runtimeApi, 'after-response')
      this.#isExtension = true
      void this.#serve(extension)
    } catch (error) {
      this.#report('after-response could not register as an extension: tasks run before the answer', error)
    }
  }

  around<Event, Answer>(handler: Handler<Event, Answer>): Handler<Event, Answer> {
    return async (event, context) => {
      this.#requestId = context.awsRequestId
      this.#deadline = this.#clock.now().getTime() + context.getRemainingTimeInMillis()
      try {
        return await handler(event, context)
      } finally {
        if (this.#isExtension) this.#ends.pass()
      }
    }
  }

  async defer(task: Task): Promise<void> {
    if (this.#isExtension) this.#tasks.push(task)
    else await this.#run(task, Math.min(this.#deadline, this.#clock.now().getTime() + BEFORE_ANSWER_LIMIT_MS))
  }

  /** The extension's life: wait for an invocation, for its end, let the answer out, work, ask for the next. */
  async #serve(extension: ExtensionClient): Promise<void> {
    try {
      for (;;) {
        const { deadlineMs } = await extension.next()
        await this.#ends.wait()
        await afterPendingCallbacks()
        await this.#drain(deadlineMs)
      }
    } catch (error) {
      this.#isExtension = false
      this.#report('after-response lost the Extensions API: tasks run before the answer', error)
      await this.#drain(this.#deadline)
    }
  }

  async #drain(deadline: number): Promise<void> {
    const tasks = this.#tasks
    this.#tasks = []
    for (const task of tasks) await this.#run(task, deadline)
  }

  async #run(task: Task, deadline: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await task.run()
        return
      } catch (error) {
        const pause = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS)
        if (this.#clock.now().getTime() + pause > deadline - DEADLINE_RESERVE_MS) {
          this.#lost(task, attempt, error)
          return
        }
        await sleep(pause)
      }
    }
  }

  #lost(task: Task, attempts: number, error: unknown): void {
    const line = this.#logger.begin({ requestId: this.#requestId, lost: task.name, payload: task.payload, attempts })
    line.metric('tasksLost', 1)
    line.fail(error)
    line.end()
  }

  #report(message: string, error: unknown): void {
    const line = this.#logger.begin({ message })
    line.fail(error, 'warn')
    line.end()
  }
}

/** Counts passes, so that one that comes before the wait is not missed. */
class Turnstile {
  #passed = 0
  #waiting: (() => void) | undefined

  pass(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting === undefined) this.#passed += 1
    else waiting()
  }

  wait(): Promise<void> {
    if (this.#passed > 0) {
      this.#passed -= 1
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }
}
