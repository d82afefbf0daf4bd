/** `npm start -- --watch`: a saved function is bundled at once; LocalStack's hot reload takes the new code. */
import { type Rebuild, watchFunctions } from '../../infra/watch.ts'
import type { Progress } from '../progress.ts'

type Report = Omit<Rebuild, 'changed'> & {
  readonly changed: readonly { readonly service: string; readonly name: string }[]
}

/** What is worth telling of a rebuild: what changed, or what keeps it from compiling. Pure. */
export function rebuildReport({ changed, errors, durationMs }: Report, wasBroken: boolean): readonly string[] {
  if (errors.length > 0)
    return ['✗ does not compile; the code before stays live', ...errors.map((error) => `  ${error}`)]
  const names = changed.map(({ service, name }) => `${service}/${name}`).join(', ')
  if (names) return [`✓ ${names} rebuilt in ${Math.round(durationMs)} ms`]
  return wasBroken ? ['✓ compiles again; nothing changed'] : []
}

/** Watches until the returned function is called. The first build is what was deployed, so it has nothing to tell. */
export async function watch(progress: Progress): Promise<() => Promise<void>> {
  let wasBroken = false
  const watching = await watchFunctions((rebuild) => {
    for (const line of rebuildReport(rebuild, wasBroken)) progress.line(line)
    wasBroken = rebuild.errors.length > 0
  })
  return () => watching.stop()
}
