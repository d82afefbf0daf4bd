import { describe, expect, it } from 'vitest'
import { listFunctions } from '../../infra/sources.ts'
import { bundles } from './backlot.ts'

/** Minified bytes of `index.mjs`. The redirect is what people wait for; the AWS SDK alone has more than its budget. */
const BUDGETS: Readonly<Record<string, number>> = {
  'functions/links/redirect.lambda.ts': 60_000,
}
const DEFAULT_BUDGET = 1_000_000

describe('the bundle of', () => {
  it.each(listFunctions().map(({ source }) => source))('%s stays inside its budget', async (source) => {
    const built = (await bundles()).find((bundle) => bundle.source === source)
    expect(built?.bytes).toBeGreaterThan(0)
    expect(built?.bytes).toBeLessThanOrEqual(BUDGETS[source] ?? DEFAULT_BUDGET)
  })

  it.each(['functions/links/redirect.lambda.ts'])(
    '%s is there, and has neither zod nor the AWS SDK',
    async (source) => {
      const { parts } = (await bundles()).find((bundle) => bundle.source === source) ?? { parts: [] }
      expect(parts).toContain(source)
      expect(parts.filter((part) => /node_modules\/(@aws-sdk|@smithy|zod)\//.test(part))).toEqual([])
    },
  )

  it('every function takes credentials from its environment alone', async () => {
    const parts = (await bundles()).flatMap((bundle) => bundle.parts)
    const sources = parts.flatMap((part) => /^node_modules\/@aws-sdk\/(credential-provider-\w+)/.exec(part)?.[1] ?? [])
    expect(new Set(sources)).toEqual(new Set(['credential-provider-env']))
  })

  it.each(['functions/payments/receive-webhooks.lambda.ts'])(
    '%s, whose callers wait and often meet it cold, has no zod',
    async (source) => {
      const { parts } = (await bundles()).find((bundle) => bundle.source === source) ?? { parts: [] }
      expect(parts).toContain(source)
      expect(parts.filter((part) => part.includes('node_modules/zod/'))).toEqual([])
    },
  )
})
