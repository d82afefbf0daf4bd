/** Rows of a result within the limits of an answer. Pure. */
import { MAX_RESULT_BYTES } from './limits.ts'

export type Cell = unknown

export interface CollectedRows {
  readonly rows: readonly (readonly Cell[])[]
  readonly csv: string
  readonly count: number
  readonly truncated: boolean
}

/** Takes pieces of a result until a limit is reached. */
export async function collected(
  pieces: AsyncIterable<readonly (readonly Cell[])[]>,
  columns: readonly string[],
  { format, maxRows }: { readonly format: 'json' | 'csv'; readonly maxRows: number },
): Promise<CollectedRows> {
  const rows: (readonly Cell[])[] = []
  const lines = [csvLine(columns)]
  let bytes = 0
  let count = 0
  for await (const piece of pieces)
    for (const row of piece) {
      const text = format === 'json' ? JSON.stringify(row) : csvLine(row)
      bytes += Buffer.byteLength(text) + 1
      if (count >= maxRows || bytes > MAX_RESULT_BYTES) return { rows, csv: lines.join(''), count, truncated: true }
      count += 1
      if (format === 'json') rows.push(row)
      else lines.push(text)
    }
  return { rows, csv: lines.join(''), count, truncated: false }
}

/** RFC 4180. No value is an empty field, an empty text is `""`. */
const csvLine = (row: readonly Cell[]): string => `${row.map(csvField).join(',')}\r\n`

function csvField(value: Cell): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
