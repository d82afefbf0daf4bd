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
  const fixture = await readFixture(path)
  const source = sourceOf(fixture.name, fixture.event)
  const outputs = await requireOutputs(settings)
  for (const line of await send(source, fixture, outputs)) console.log(line)
  const { functionName } = fixture
  // A bucket's event is named after what landed: who hears it is a matter of rules.
  if (functionName && source.kind !== 'object')
    console.log(
      `\nWhat ${functionName} says: ${settings.home.functionLogs}/backlot-${functionName.replace('/', '-')}.log`,
    )
}
