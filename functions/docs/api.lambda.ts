/** `/docs`, `/docs/problems` and `/api/openapi.json`: entry and wiring of the API reference. It reads no table and calls nobody. */
import { systemClock } from '#core/clock.ts'
import { httpHandler } from '#core/http.ts'
import type { OpenApiDocument } from '#core/openapi-document.ts'
import { systemRandom } from '#core/random.ts'
// biome-ignore lint/style/noRestrictedImports: this function is there to serve what was generated for all services.
import committed from '../../docs/openapi/backlot.json' with { type: 'json' }
import { docsEnvironment } from './environment.ts'
import { docsApi } from './routes.ts'

const { PUBLIC_ORIGIN } = docsEnvironment.read()

/** With the origin that the function is reached by in place of the committed one, in every example too. */
function servedFrom(origin: string): OpenApiDocument {
  const [server] = committed.servers
  if (server === undefined) throw new Error('expected the committed document to name its server')
  return JSON.parse(JSON.stringify(committed).replaceAll(server.url, origin)) as OpenApiDocument
}

export const handler = httpHandler({
  description: docsApi,
  services: { document: servedFrom(PUBLIC_ORIGIN) },
  kit: { clock: systemClock, random: systemRandom, origins: [PUBLIC_ORIGIN] },
})
