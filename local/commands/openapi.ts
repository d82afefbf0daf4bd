/**
 * `npm run openapi`: writes the OpenAPI documents from the route tables to `docs/openapi/`, one for each service and
 * `backlot.json` for all; `--check` writes nothing and fails when one of them is not up to date; `--record` takes the
 * examples from the running local cloud first.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { openApiDocument } from '#core/openapi.ts'
import type { DescribedService, OpenApiDocument } from '#core/openapi-document.ts'
import { serviceRoutes } from '#core/service-routes.ts'
import { authApi } from '../../functions/auth/auth-api.ts'
import { docsApi } from '../../functions/docs/routes.ts'
import { etlApi } from '../../functions/etl/etl-routes.ts'
import { linksApi } from '../../functions/links/link-routes.ts'
import { paymentsApi } from '../../functions/payments/payments-api.ts'
import { stripeDescription } from '../../functions/payments/stripe/stripe-description.ts'
import { schedulesApi } from '../../functions/schedules/schedules-api.ts'
import { inboxRoutes } from '../../functions/tasks/inbox/inbox-routes.ts'
import { tasksApi } from '../../functions/tasks/tasks-api.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { CHECKOUT } from '../home.ts'
import { readOutputs } from '../outputs.ts'
import { readSettings } from '../settings.ts'
import { recordExamples } from './openapi-examples.ts'

/** Where the documents are kept, from the checkout. */
export const FOLDER = 'docs/openapi'

/** What `npm start` serves. A deployed function puts its own origin in its place. */
const SERVER_URL = 'http://localhost:4000'

const withServiceRoutes = <Services>(
  description: DescribedService & Parameters<typeof serviceRoutes<Services>>[0],
): DescribedService => ({ ...description, routes: [...description.routes, ...serviceRoutes(description)] })

/** Every API of the product, in the order of the reference. */
export const SERVICES: readonly DescribedService[] = [
  withServiceRoutes(linksApi),
  // The inbox is there on local clouds only, which is where the reference is read most.
  withServiceRoutes({ ...tasksApi, routes: [...tasksApi.routes, ...inboxRoutes] }),
  withServiceRoutes(etlApi),
  withServiceRoutes(schedulesApi),
  withServiceRoutes(paymentsApi),
  withServiceRoutes(authApi),
  withServiceRoutes(docsApi),
]

const infoOf = (title: string, description: string) => ({
  title,
  description,
  version: packageJson.version,
  serverUrl: SERVER_URL,
})

/** File name → document. */
export function documents(services = SERVICES): ReadonlyMap<string, OpenApiDocument> {
  const own = services.map((service): [string, OpenApiDocument] => [
    `${service.service}.json`,
    openApiDocument([service], infoOf(`Backlot ${service.title}`, service.description)),
  ])
  // What Stripe's SDKs call is not one of our services: it is in the document of all alone.
  const all = openApiDocument([...services, stripeDescription], infoOf('Backlot', packageJson.description))
  return new Map([['backlot.json', all], ...own])
}

/** The text of a file: what Biome would make of it is of no interest, a small diff is. */
export const textOf = (document: OpenApiDocument): string => `${JSON.stringify(document, null, 2)}\n`

/** Returns the exit code: 1 when `--check` finds a document that is missing or not up to date. */
export async function main(args: readonly string[] = []): Promise<number> {
  if (args.includes('--record')) return record()
  const check = args.includes('--check')
  const folder = path.join(CHECKOUT, FOLDER)
  const stale: string[] = []
  for (const [name, document] of documents()) {
    const file = path.join(folder, name)
    const before = await readFile(file, 'utf8').catch(() => undefined)
    if (before === textOf(document)) continue
    stale.push(`${FOLDER}/${name}`)
    if (check) continue
    await mkdir(folder, { recursive: true })
    await writeFile(file, textOf(document))
  }
  const outcome = stale.length === 0 ? 'up to date' : check ? 'not up to date, run `npm run openapi`' : 'written'
  console.log(`${stale.length === 0 ? FOLDER : stale.join(', ')}: ${outcome}`)
  return check && stale.length > 0 ? 1 : 0
}

/** The route tables hold the examples, so the documents are written by the next run. */
async function record(): Promise<number> {
  const file = await recordExamples(await readOutputs(readSettings().home.outputs), SERVER_URL)
  console.log(`${file}: recorded, now run \`npm run openapi\``)
  return 0
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
