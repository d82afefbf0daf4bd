import * as z from 'zod'

/** The schema of a time that we give or take: RFC 3339 in UTC, as `Date.toISOString` writes it. */
export const timestamp = (description: string) =>
  z.iso.datetime().meta({ description, examples: ['2026-11-21T10:15:00.000Z'] })
