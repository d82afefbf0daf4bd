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
const document: OpenApiDocument = { ...(committed as unknown as OpenApiDocument), servers: [{ url: PUBLIC_ORIGIN }] }

export const handler = httpHandler({
  description: docsApi,
  services: { document },
  kit: { clock: systemClock, random: systemRandom, origins: [PUBLIC_ORIGIN] },
})
