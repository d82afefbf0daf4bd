/** A run and what converting it gave, for the steps behind that. */
import type { ObjectsStore } from '../catalog/objects.store.ts'
import { readResult } from './convert-run.ts'
import type { Run } from './run.ts'
import type { RunsStore } from './runs.store.ts'
import type { RunInput } from './start-run.ts'
import type { RunResult } from './step-schemas.ts'

export async function runAndResult(
  { workspaceId, runId }: RunInput,
  runs: Pick<RunsStore, 'get'>,
  lake: ObjectsStore,
): Promise<{ readonly run: Run; readonly result: RunResult }> {
  const run = await runs.get(workspaceId, runId)
  const result = run === undefined ? undefined : await readResult(lake, run)
  if (run === undefined || result === undefined) throw new Error(`expected the result of ${runId}, got none`)
  return { run, result }
}
