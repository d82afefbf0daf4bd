import { describe, expect, test } from 'vitest'
import { frozenChanges } from '../../../../local/deployer/template-changes.ts'

const table = {
  TableName: 'backlot-links',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
}
const index = {
  IndexName: 'bySlug',
  KeySchema: [{ AttributeName: 'slug', KeyType: 'HASH' }],
  Projection: { ProjectionType: 'ALL' },
}
const template = (properties: object, type = 'AWS::DynamoDB::Table') => ({
  Resources: { Table: { Type: type, Properties: { ...properties } } },
})
const changes = (before: object, after: object) =>
  frozenChanges(template(before), template(after)).map((it) => it.property)

describe('what LocalStack would ignore', () => {
  test.each([
    ['another key', { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }, ['KeySchema']],
    ['a key without its range', { KeySchema: table.KeySchema.slice(0, 1) }, ['KeySchema']],
    [
      'another type of a key',
      { AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'N' }, table.AttributeDefinitions[1]] },
      ['AttributeDefinitions'],
    ],
    ['a new index', { GlobalSecondaryIndexes: [index] }, ['GlobalSecondaryIndexes']],
    ['a new local index', { LocalSecondaryIndexes: [index] }, ['LocalSecondaryIndexes']],
  ])('%s', (_, change, expected) => {
    expect(changes(table, { ...table, ...change })).toEqual(expected)
  })

  test('an index that is gone, or projects something else', () => {
    const before = { ...table, GlobalSecondaryIndexes: [index] }
    expect(changes(before, table)).toEqual(['GlobalSecondaryIndexes'])
    const narrower = { ...index, Projection: { ProjectionType: 'KEYS_ONLY' } }
    expect(changes(before, { ...table, GlobalSecondaryIndexes: [narrower] })).toEqual(['GlobalSecondaryIndexes'])
  })

  test('is named by the table and the resource', () => {
    expect(frozenChanges(template(table), template({ ...table, KeySchema: [] }))).toEqual([
      { logicalId: 'Table', table: 'backlot-links', property: 'KeySchema' },
    ])
  })
})

describe('what is fine', () => {
  test.each([
    ['nothing', {}],
    ['what LocalStack applies', { TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } }],
    ['another order of attributes', { AttributeDefinitions: table.AttributeDefinitions.toReversed() }],
    [
      'another order of keys within an object',
      {
        KeySchema: [
          { KeyType: 'HASH', AttributeName: 'pk' },
          { KeyType: 'RANGE', AttributeName: 'sk' },
        ],
      },
    ],
  ])('%s', (_, change) => {
    expect(changes(table, { ...table, ...change })).toEqual([])
  })

  test('a table that is new, gone, or no table', () => {
    expect(frozenChanges({ Resources: {} }, template(table))).toEqual([])
    expect(frozenChanges(template(table), { Resources: {} })).toEqual([])
    expect(frozenChanges(template(table), {})).toEqual([])
    const queue = 'AWS::SQS::Queue'
    expect(frozenChanges(template({ KeySchema: 1 }, queue), template({ KeySchema: 2 }, queue))).toEqual([])
  })
})
