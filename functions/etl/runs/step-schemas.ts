/** What the steps of the state machine give each other. Small: the rest is in the table and in the run's result. */
import * as z from 'zod'

export const runInput = z.object({ workspaceId: z.string(), runId: z.string(), attempt: z.int().positive() })

export const checkedRun = runInput.extend({ warnings: z.array(z.string()) })

/** Input of `fail-run`: where `Catch` put what Lambda said. */
export const failedInput = runInput.extend({ error: z.object({ Error: z.string(), Cause: z.string().default('') }) })

const count = z.int().min(0)

/** `runs/<run id>.json` in the lake: what converting gave. Written once; whoever converts again answers it. */
export const runResult = z.object({
  runId: z.string(),
  sha256: z.string().length(64),
  bytesIn: count,
  textBytes: count,
  counts: z.object({
    recordsIn: count,
    good: count,
    quarantined: count,
    faults: z.record(z.string(), count),
  }),
  files: z.array(
    z.object({
      key: z.string(),
      part: z.string(),
      rows: count,
      bytes: count,
      sha256: z.string().length(64),
      columns: z.record(z.string(), z.object({ min: z.string().optional(), max: z.string().optional(), nulls: count })),
    }),
  ),
  /** In the lake; null when every row is good. */
  quarantineKey: z.string().nullable(),
  /** Rows that share their values in the columns of a `unique` rule, by the rule's index. */
  repeated: z.record(z.string(), count),
})
export type RunResult = z.infer<typeof runResult>
