/** What both guards do with chunks: a record whose end is not in sight waits for the next chunk. Pure. */
import { bytesAreFine, type Guard, type GuardedRecord, type OnRecord, textOf } from './guard.ts'
import type { RowsOut } from './rows-out.ts'

export interface Chunk {
  readonly data: Buffer
  /** Nothing comes behind it. */
  readonly isLast: boolean
  /** No record of it has a fault of its bytes. */
  readonly fine: boolean
}

export abstract class RecordGuard implements Guard {
  records = 0
  bad = 0
  /** Of the next record's first byte. */
  protected line = 1
  protected readonly out: RowsOut
  readonly #onRecord: OnRecord | undefined
  #rest: Buffer = Buffer.alloc(0)

  constructor(out: RowsOut, onRecord: OnRecord | undefined) {
    this.out = out
    this.#onRecord = onRecord
  }

  push(chunk: Buffer): Buffer {
    return this.#take(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]), false)
  }

  end(): Buffer {
    return this.#take(this.#rest, true)
  }

  /** Deals with what begins at `start`. Where the next begins, or undefined when its end is not in the chunk. */
  protected abstract next(chunk: Chunk, start: number): number | undefined

  /** Counts a record and tells of it. */
  protected tell(line: number, faults: GuardedRecord['faults'], data: Buffer, start: number, end: number): void {
    this.records += 1
    if (faults.length > 0) this.bad += 1
    this.#onRecord?.({ line, faults, text: () => textOf(data, start, end) })
  }

  #take(data: Buffer, isLast: boolean): Buffer {
    const chunk: Chunk = { data, isLast, fine: bytesAreFine(data) && !isLast }
    let start = 0
    while (start < data.length) {
      const next = this.next(chunk, start)
      if (next === undefined) break
      start = next
    }
    this.#rest = isLast ? Buffer.alloc(0) : Buffer.from(data.subarray(start))
    return this.out.take()
  }
}
