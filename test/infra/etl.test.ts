import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { resourcesOf, streamFilters, templateOf } from './backlot.ts'

let template: Template
beforeAll(async () => {
  template = await templateOf('Etl')
})

interface State {
  readonly Next?: string
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[]
  readonly Retry?: readonly { readonly MaxAttempts: number }[]
}

interface Definition {
  readonly StartAt: string
  readonly States: Readonly<Record<string, State>>
}

/** References in it become their text: only names and wiring are looked at. */
function definition(): Definition {
  const [machine] = resourcesOf(template).filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
  const parts: readonly unknown[] = machine?.Properties.DefinitionString['Fn::Join'][1]
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'reference')).join('')) as Definition
}

describe('a run', () => {
  it('goes from step to step, and from each that fails to telling the owner', () => {
    const { StartAt, States } = definition()
    const way = [StartAt]
    for (let next = States[StartAt]?.Next; next !== undefined; next = States[next]?.Next) way.push(next)
    expect(way).toEqual(['Plan', 'Convert', 'CheckQuality', 'Commit', 'Announce', 'Published'])
    for (const name of way.slice(0, -1))
      expect(States[name]?.Catch).toEqual([{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'FailRun' }])
  })

  it('tries what passes five times more', () => {
    const tries = Object.values(definition().States).flatMap(({ Retry = [] }) => Retry)
    expect(tries.map(({ MaxAttempts }) => MaxAttempts)).toEqual([5, 5, 5, 5, 5, 5])
  })

  it('starts when an object has landed', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({ source: ['aws.s3'], 'detail-type': ['Object Created'] }),
    })
  })
})

describe('the buckets', () => {
  it('are closed to the public, and to what is not encrypted on its way', () => {
    const buckets = resourcesOf(template).filter(({ Type }) => Type === 'AWS::S3::Bucket')
    expect(buckets).toHaveLength(2)
    for (const { Properties } of buckets)
      expect(Properties.PublicAccessBlockConfiguration).toEqual({
        ...{ BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
      })
    const policies = resourcesOf(template).filter(({ Type }) => Type === 'AWS::S3::BucketPolicy')
    const denials = policies.flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Deny'),
    )
    expect(denials.map(({ Condition }: { Condition: object }) => Condition)).toEqual([
      { Bool: { 'aws:SecureTransport': 'false' } },
      { Bool: { 'aws:SecureTransport': 'false' } },
    ])
  })
})

describe('the table', () => {
  it('tells of runs alone', () => {
    expect(streamFilters(template)).toEqual([[{ dynamodb: { NewImage: { status: { S: [{ exists: true }] } } } }]])
  })
})
