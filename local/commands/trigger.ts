/** `npm run trigger -- events/links/count-clicks.batch.json`: the event takes the real way to its function. */

import { requireOutputs } from '../cloud/running.ts'
import { listFixtures, readFixture } from '../events/fixture.ts'
import { send } from '../events/send.ts'
import { sourceOf } from '../events/source.ts'
import type { Settings } from '../settings.ts'

export async function trigger([path]: readonly string[], settings: Settings): Promise<void> {
  if (!path) {
    console.log(['Usage: npm run trigger -- <fixture>', '', ...listFixtures().map((name) => `  ${name}`)].join('\n'))
    return
  }
  const { name, event, functionName } = await readFixture(path)
  const source = sourceOf(name, event)
  const outputs = await requireOutputs(settings)
  for (const line of await send(source, functionName, outputs)) console.log(line)
  if (functionName)
    console.log(
      `\nWhat ${functionName} says: ${settings.home.functionLogs}/backlot-${functionName.replace('/', '-')}.log`,
    )
}
