/** What the API says of whoever is signed in. Pure. */
import * as z from 'zod'
import { pageOf } from '#core/pagination.ts'
import { time } from '../auth-schemas.ts'

export const personBody = z
  .object({ id: z.string(), email: z.string(), createdAt: time })
  .meta({ id: 'Person', description: 'Whoever is signed in.' })

export const sessionBody = z
  .object({
    id: z.string(),
    current: z.boolean().meta({ description: 'Whether it is the one that asks.' }),
    userAgent: z.string(),
    createdAt: time,
    lastSeenAt: time.meta({ description: 'To within five minutes.' }),
    expiresAt: time,
  })
  .meta({ id: 'Session', description: 'A browser that is signed in.' })
export const sessionListBody = pageOf(sessionBody)
