/**
 * Progress across processes: what a background cloud does is shown by the command that waits for it. One side turns
 * steps into messages, the other plays them on a terminal.
 */
import type { Progress } from '../progress.ts'
import { Refusal } from '../refusal.ts'

export type ProgressMessage =
  | { readonly kind: 'begin'; readonly id: number; readonly title: string }
  | { readonly kind: 'detail'; readonly id: number; readonly text: string }
  | { readonly kind: 'end'; readonly id: number; readonly ok: boolean }
  | { readonly kind: 'line'; readonly text: string }

/** The end of the work that is reported on. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string | undefined }

/** The sending side. */
export function sendingProgress(send: (message: ProgressMessage) => void): Progress {
  let last = 0
  return {
    line: (text) => send({ kind: 'line', text }),
    async step(title, run) {
      last += 1
      const id = last
      send({ kind: 'begin', id, title })
      try {
        const result = await run((text) => send({ kind: 'detail', id, text }))
        send({ kind: 'end', id, ok: true })
        return result
      } catch (error) {
        send({ kind: 'end', id, ok: false })
        throw error
      }
    },
  }
}

const FAILED = Symbol('a step of the other process failed')

interface RunningStep {
  readonly update: (detail: string) => void
  readonly end: (ok: boolean) => void
}

/** The receiving side: give it every message, in order. */
export function playProgress(progress: Progress): (message: ProgressMessage) => void {
  const running = new Map<number, RunningStep>()
  const begin = (id: number, title: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    progress
      .step(title, (update) => {
        running.set(id, { update, end: (ok) => (ok ? resolve() : reject(FAILED)) })
        return promise
      })
      .catch((error: unknown) => {
        // Only the mark on the terminal is wanted here; the reason comes as the outcome.
        if (error !== FAILED) throw error
      })
  }
  return (message) => {
    if (message.kind === 'line') progress.line(message.text)
    else if (message.kind === 'begin') begin(message.id, message.title)
    else if (message.kind === 'detail') running.get(message.id)?.update(message.text)
    else {
      running.get(message.id)?.end(message.ok)
      running.delete(message.id)
    }
  }
}

export function outcomeOf(error: unknown): Outcome {
  if (error instanceof Refusal) return { kind: 'failed', code: error.code, message: error.message, hint: error.hint }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { kind: 'failed', code: 'internal_error', message }
}

/** Throws what the other side failed with. */
export function requireDone(outcome: Outcome): void {
  if (outcome.kind === 'failed') throw new Refusal(outcome.code, outcome.message, outcome.hint)
}
