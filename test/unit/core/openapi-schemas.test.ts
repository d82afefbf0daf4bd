import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { collectSchemas } from '#core/openapi-schemas.ts'

describe('collectSchemas', () => {
  it('makes a component of each schema with an id, sorted by name', () => {
    const Inner = z.object({ n: z.number() }).meta({ id: 'TestZInner' })
    const Outer = z.object({ inner: Inner }).meta({ id: 'TestAOuter' })
    const collected = collectSchemas([[Outer, 'output']])
    expect(Object.keys(collected.components)).toEqual(['TestAOuter', 'TestZInner'])
    expect(collected.components['TestAOuter']?.properties).toEqual({
      inner: { $ref: '#/components/schemas/TestZInner' },
    })
    expect(collected.of(Outer, 'output')).toEqual({ $ref: '#/components/schemas/TestAOuter' })
  })

  it('keeps one component when a schema is the same both ways', () => {
    const Same = z.object({ n: z.number() }).meta({ id: 'TestSame' })
    expect(
      Object.keys(
        collectSchemas([
          [Same, 'input'],
          [Same, 'output'],
        ]).components,
      ),
    ).toEqual(['TestSame'])
  })

  it.each(['input first', 'output first'])('makes two when it is not, and two of what refers to it (%s)', (order) => {
    const Child = z.object({ tags: z.array(z.string()).default([]) }).meta({ id: `TestChild ${order}` })
    const Parent = z.object({ child: Child }).meta({ id: `TestParent ${order}` })
    const uses = [
      [Parent, 'input'],
      [Parent, 'output'],
    ] as const
    const collected = collectSchemas(order === 'input first' ? uses : uses.toReversed())
    expect(Object.keys(collected.components)).toEqual([
      `TestChild ${order}`,
      `TestChild ${order}Input`,
      `TestParent ${order}`,
      `TestParent ${order}Input`,
    ])
    expect(collected.components[`TestParent ${order}Input`]?.properties).toEqual({
      child: { $ref: `#/components/schemas/TestChild ${order}Input` },
    })
    expect(collected.of(Parent, 'output')).toEqual({ $ref: `#/components/schemas/TestParent ${order}` })
  })

  it('refuses two schemas with one id', () => {
    const uses = ['left', 'right'].map((key) => {
      const registry = z.object({ [key]: z.string() })
      return [z.object({ [key]: registry.meta({ id: 'TestTwice' }) }), 'output'] as const
    })
    expect(() => collectSchemas(uses)).toThrow('expected one schema with the id TestTwice, got two that differ')
  })

  it('leaves answers open and keeps what a strict body says', () => {
    const open = z.object({ n: z.number() })
    const strict = z.strictObject({ n: z.number() })
    const collected = collectSchemas([
      [open, 'output'],
      [strict, 'input'],
    ])
    expect(collected.of(open, 'output')).not.toHaveProperty('additionalProperties')
    expect(collected.of(strict, 'input')).toHaveProperty('additionalProperties', false)
  })

  it('leaves out the pattern behind a speaking format and the bounds of a safe integer', () => {
    const schema = z.object({ at: z.iso.datetime(), n: z.int() })
    expect(collectSchemas([[schema, 'output']]).of(schema, 'output').properties).toEqual({
      at: { type: 'string', format: 'date-time' },
      n: { type: 'integer' },
    })
  })

  it('refuses a schema that it was not given', () => {
    expect(() => collectSchemas([]).of(z.string(), 'input')).toThrow('expected a schema that was collected as input')
  })
})
