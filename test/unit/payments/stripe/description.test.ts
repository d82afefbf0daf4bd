import qs from 'qs'
import { describe, expect, it } from 'vitest'
import { parseForm } from '../../../../functions/payments/stripe/form.ts'
import { checked } from '../../../../functions/payments/stripe/parameters.ts'
import { stripeRoutes } from '../../../../functions/payments/stripe/stripe-api.ts'
import { stripeDescription } from '../../../../functions/payments/stripe/stripe-description.ts'

const { elsewhere = [], examples = {} } = stripeDescription
const routeOf = (operationId: string) => stripeRoutes.find((route) => route.operationId === operationId)

describe('the description of /v1', () => {
  it('has every route', () => {
    expect(elsewhere.map(({ method, path }) => `${method} ${path}`)).toEqual(
      stripeRoutes.map(({ method, path }) => `${method} ${path}`),
    )
  })

  it('has an example id for every path with one', () => {
    const withId = elsewhere.filter(({ path }) => path.includes('{id}'))
    expect(withId.every(({ params }) => typeof params?.shape['id']?.meta()?.['example'] === 'string')).toBe(true)
  })

  it.each(Object.entries(examples))('%s: the example is what the route takes', (operationId, { request }) => {
    const route = routeOf(operationId)
    const form = parseForm(qs.stringify(request?.body))
    expect(() => checked(route?.params.strict() ?? expect.unreachable(operationId), form)).not.toThrow()
  })

  it.each(stripeRoutes.filter(({ method }) => method === 'GET').map(({ operationId }) => operationId))(
    '%s: no card is declined by looking',
    (operationId) => {
      const { answers = {} } = elsewhere.find((route) => route.operationId === operationId) ?? {}
      expect(Object.keys(answers)).not.toContain('402')
    },
  )
})
