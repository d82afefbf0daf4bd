/** The links API: entry and wiring. Routes are in `link-routes.ts`. */
import { systemClock } from '#core/clock.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { systemRandom } from '#core/random.ts'
import { createClicksStore } from './clicks/clicks.store.ts'
import { apiEnvironment } from './environment.ts'
import { linksApi } from './link-routes.ts'
import { createLinksStore } from './links.store.ts'

const environment = apiEnvironment.read()
const kit = createKit(environment, { clock: systemClock, random: systemRandom })

export const handler = httpHandler({
  description: linksApi,
  services: {
    links: createLinksStore(kit.dynamo, environment.LINKS_TABLE),
    clicks: createClicksStore(kit.dynamo, environment.LINKS_TABLE),
    ids: kit.ids,
    cursors: kit.cursors,
    randomBytes: (count) => systemRandom.bytes(count),
    publicOrigin: kit.publicOrigin,
  },
  kit,
})
