/** `npm start -- --watch`: a saved function is bundled at once; LocalStack's hot reload takes the new code. */
import { watchFunctions } from '../infra/bundle.ts'
import type { Progress } from './progress.ts'

/** Pure. Names what a rebuild changed, or what keeps it from compiling. */
export function rebuildReport(
  {
    changed,
    errors,
  }: {
    readonly changed: readonly { readonly service: string; readonly name: string }[]
    readonly errors: readonly string[]
  },
  durationMs: number,
): readonly string[] {
  if (errors.length > 0)
    return ['✗ does not compile; the code before stays live', ...errors.map((error) => `  ${error}`)]
  if (changed.length === 0) return []
  const names = changed.map(({ service, name }) => `${service}/${name}`).join(', ')
  return [`✓ ${names} rebuilt in ${Math.round(durationMs)} ms`]
}

/** Watches until the returned function is called. The first build is what was deployed and is not reported. */
export async function watch(progress: Progress): Promise<() => Promise<void>> {
  const watching = await watchFunctions((rebuild) => {
    for (const line of rebuildReport(rebuild, rebuild.durationMs)) progress.line(line)
  })
  return () => watching.stop()
}
