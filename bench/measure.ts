/** What the benchmarks share: medians, tables, the machine they ran on, and the JSON file. */
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'

/** Nearest rank (the value that `fraction` of all values do not exceed). Throws for no values. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]
  if (value === undefined) throw new Error('expected at least one value, got none')
  return value
}

/** Of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1)
  if (middle.length === 0) throw new Error('expected at least one value, got none')
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}

export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly node: string
  readonly platform: string
  /** Processes that want to run, mean of the last minute: more than there are cores, and times mean little. */
  readonly load: number
}

/** Figures mean nothing without it. */
export const machine = (): Machine => ({
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  load: rounded(loadavg()[0] ?? 0),
})

/** A column's title ends with its unit: `median (ms)`. Undefined is an empty cell. */
export type Row = Readonly<Record<string, string | number | undefined>>

/** Markdown, so that it can be pasted into a document; numbers to the right. */
export function table(rows: readonly Row[]): string {
  const titles = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const columns = titles.map((title) => {
    const cells = rows.map((row) => String(row[title] ?? ''))
    const numeric = rows.some((row) => typeof row[title] === 'number')
    const width = Math.max(title.length, ...cells.map((cell) => cell.length))
    const pad = (text: string) => (numeric ? text.padStart(width) : text.padEnd(width))
    return { title: pad(title), rule: numeric ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width), cells: cells.map(pad) }
  })
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ rule }) => rule)),
    ...rows.map((_, index) => line(columns.map(({ cells }) => cells[index] ?? ''))),
  ].join('\n')
}

/** To at most two decimals: more is noise. */
export const rounded = (value: number): number => Math.round(value * 100) / 100

export interface Report {
  readonly name: string
  readonly rows: readonly Row[]
  /** Sentences under the table: how it was measured, what it leaves out. */
  readonly notes: readonly string[]
}

/** Prints the report; writes it as JSON too where a file is named. */
export async function report({ name, rows, notes }: Report, jsonFile: string | undefined): Promise<void> {
  const { cores, processor, node, platform, load } = machine()
  console.log(`\n${name}: ${cores} × ${processor}, Node ${node}, ${platform}, load ${load}\n`)
  console.log(table(rows))
  for (const note of notes) console.log(`\n${note}`)
  if (jsonFile === undefined) return
  const content = { name, measuredAt: new Date().toISOString(), machine: machine(), rows, notes }
  await writeFile(jsonFile, `${JSON.stringify(content, null, 2)}\n`)
}

/** Runs `work`; returns what it took, in milliseconds, with what it gave. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const start = performance.now()
  const value = await work()
  return { ms: performance.now() - start, value }
}

/** Asks every `everyMs` until the answer is neither undefined nor false; throws with `what` when the time is up. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  { withinMs, everyMs }: { readonly withinMs: number; readonly everyMs: number },
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`expected ${what} within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
