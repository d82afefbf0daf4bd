/** LinkDeleted → what was counted for the link is deleted: entry and wiring. */
import { busHandler } from '#core/bus.ts'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { createClicksStore } from './clicks/clicks.store.ts'
import { forgetClicksEnvironment } from './environment.ts'
import { linkDeleted } from './events.ts'

const { LINKS_TABLE } = forgetClicksEnvironment.read()
const clicks = createClicksStore(documentClient(), LINKS_TABLE)

export const handler = busHandler({
  name: 'links/forget-clicks',
  clock: systemClock,
  random: systemRandom,
  schema: linkDeleted,
  async handle({ data: { linkId } }, { log, now }) {
    log.set({ linkId, forgotten: await clicks.forget(linkId, now) })
  },
})
