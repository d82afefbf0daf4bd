/**
 * A growing buffer of checked rows, as DuckDB then reads them: the line number, then the fields. Pure.
 */
const COMMA = 0x2c
const LINE_FEED = 0x0a
/** A line number below 2^53. */
const MAX_DIGITS = 16

export class RowsOut {
  #buffer: Buffer
  #length = 0
  readonly #delimiter: number

  constructor(delimiter: number = COMMA, initialBytes = 256 * 1024) {
    this.#buffer = Buffer.allocUnsafe(initialBytes)
    this.#delimiter = delimiter
  }

  /** One row: `line`, the delimiter, and the bytes of `data` from `start` to `end`. */
  row(line: number, data: Buffer, start: number, end: number): void {
    this.#reserve(MAX_DIGITS + 2 + end - start)
    this.#number(line)
    this.#buffer[this.#length++] = this.#delimiter
    data.copy(this.#buffer, this.#length, start, end)
    this.#length += end - start
    this.#buffer[this.#length++] = LINE_FEED
  }

  /** The same for fields that are text already. */
  text(line: number, fields: string): void {
    const row = `${line},${fields}\n`
    this.#reserve(row.length * 3)
    this.#length += this.#buffer.write(row, this.#length)
  }

  /** What was collected since the last call; its own copy. */
  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }

  #number(value: number): void {
    let digits = 1
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits += 1
    let rest = value
    for (let at = this.#length + digits - 1; at >= this.#length; at -= 1) {
      this.#buffer[at] = 0x30 + (rest % 10)
      rest = Math.floor(rest / 10)
    }
    this.#length += digits
  }
}
