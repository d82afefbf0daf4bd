import { describe, expect, it } from 'vitest'
import { backlot } from './backlot.ts'
import { EMULATED_RESOURCE_TYPES } from './emulated-resource-types.ts'

describe.each(['local', 'localstack'] as const)('the stacks of %s', (name) => {
  it('hold only what LocalStack really makes', async () => {
    const { resources } = await backlot(name)
    const unknown = resources.filter(({ Type }) => !EMULATED_RESOURCE_TYPES.has(Type))
    expect(unknown.map(({ Type, logicalId }) => `${Type} ${logicalId}`)).toEqual([])
  })

  it('read no parameter at deploy time that only a bootstrapped account has', async () => {
    const { templates } = await backlot(name, { 'backlot:assets': 'backlot-assets' })
    const parameters = [...templates.values()].flatMap((template) => Object.keys(template.toJSON().Parameters ?? {}))
    expect(parameters).toEqual([])
  })
})
