import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { EDGE_ROUTES, type EdgeRoute, REDIRECT_HEADERS } from '../../infra/edge.ts'
import { type Backlot, backlot, resourcesOf } from './backlot.ts'

const DISTRIBUTION = 'AWS::CloudFront::Distribution'

interface Behavior {
  readonly PathPattern?: string
  readonly TargetOriginId: string
  readonly AllowedMethods: readonly string[]
}

describe('the distribution', () => {
  let prod: Backlot
  let edge: Template
  // biome-ignore lint/suspicious/noExplicitAny: CloudFormation's own shape
  let config: any

  beforeAll(async () => {
    prod = await backlot('prod')
    edge = prod.templates.get('Edge') as Template
    config = resourcesOf(edge).find(({ Type }) => Type === DISTRIBUTION)?.Properties.DistributionConfig
  })

  it('has the rows of the edge table as its behaviours, in their order', () => {
    const behaviors: Behavior[] = [...config.CacheBehaviors, config.DefaultCacheBehavior]
    expect(behaviors.map(({ PathPattern }) => PathPattern ?? '*')).toEqual(EDGE_ROUTES.map(({ pattern }) => pattern))
    const kinds = behaviors.map(({ TargetOriginId }) => kindOf(TargetOriginId))
    expect(kinds).toEqual(EDGE_ROUTES.map(({ origin }) => `${origin.kind} ${origin.stack}`))
    expect(behaviors.map(({ AllowedMethods }) => AllowedMethods.length)).toEqual(
      EDGE_ROUTES.map(({ methods }: EdgeRoute) => (methods === 'all' ? 7 : 2)),
    )
  })

  /** What an origin id points at, told by the parameter in its domain name. */
  function kindOf(originId: string): string {
    const origin = config.Origins.find(({ Id }: { Id: string }) => Id === originId)
    const parameters = edge.toJSON().Parameters
    const reference = JSON.stringify(origin.DomainName)
    const [, parameter] = Object.entries<{ Default?: string }>(parameters).find(([id]) => reference.includes(id)) ?? []
    const service = parameter?.Default?.split('/')[2] ?? ''
    const stack = service.charAt(0).toUpperCase() + service.slice(1)
    expect(origin.OriginPath ?? '').toBe(origin.OriginAccessControlId === undefined ? '/live' : '')
    return `${origin.OriginAccessControlId === undefined ? 'api' : 'functionUrl'} ${stack}`
  }

  it('reads only parameters that the other stacks publish', () => {
    const published = prod
      .ofType('AWS::SSM::Parameter')
      .map(({ Properties }) => Properties.Name)
      .filter((name) => !name.includes('/edge/'))
    const read = Object.values<{ Default: string }>(edge.toJSON().Parameters)
      .map(({ Default }) => Default)
      .filter((name) => !name.startsWith('/cdk-bootstrap/'))
    expect(read.toSorted()).toEqual([
      '/backlot/auth/ApiId',
      '/backlot/auth/OAuth2ApiId',
      '/backlot/docs/ApiId',
      '/backlot/etl/ApiId',
      '/backlot/links/ApiId',
      '/backlot/links/RedirectUrl',
      '/backlot/payments/ApiId',
      '/backlot/payments/CheckoutApiId',
      '/backlot/payments/StripeApiId',
      '/backlot/payments/WebhooksApiId',
      '/backlot/schedules/ApiId',
      '/backlot/tasks/ApiId',
    ])
    expect(published).toEqual(expect.arrayContaining(read))
  })

  it('caches nothing and speaks HTTPS only, with the certificate and TLS 1.2 at least', () => {
    // The managed policy CachingDisabled:
    // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
    const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad'
    for (const behavior of [...config.CacheBehaviors, config.DefaultCacheBehavior])
      expect(behavior).toMatchObject({ CachePolicyId: cachingDisabled, ViewerProtocolPolicy: 'redirect-to-https' })
    for (const { CustomOriginConfig } of config.Origins)
      expect(CustomOriginConfig).toMatchObject({ OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] })
    expect(config.ViewerCertificate).toMatchObject({ MinimumProtocolVersion: 'TLSv1.2_2021' })
    expect(config.Aliases).toEqual(['go.example.com'])
  })

  it('tells the redirect what it needs of the viewer', () => {
    edge.hasResourceProperties('AWS::CloudFront::OriginRequestPolicy', {
      OriginRequestPolicyConfig: { HeadersConfig: { HeaderBehavior: 'whitelist', Headers: [...REDIRECT_HEADERS] } },
    })
  })

  it('adds security headers to every answer', () => {
    edge.hasResourceProperties('AWS::CloudFront::ResponseHeadersPolicy', {
      ResponseHeadersPolicyConfig: {
        SecurityHeadersConfig: {
          StrictTransportSecurity: { AccessControlMaxAgeSec: 31_536_000, IncludeSubdomains: true },
          ContentTypeOptions: { Override: true },
          FrameOptions: { FrameOption: 'DENY', Override: false },
        },
      },
    })
    for (const behavior of [...config.CacheBehaviors, config.DefaultCacheBehavior])
      expect(behavior.ResponseHeadersPolicyId).toBeDefined()
  })

  it('alone may call the function URL, and signs for it', () => {
    const [distribution] = resourcesOf(edge).filter(({ Type }) => Type === DISTRIBUTION)
    const permissions = resourcesOf(edge).filter(({ Type }) => Type === 'AWS::Lambda::Permission')
    expect(permissions.map(({ Properties }): string => Properties.Action).toSorted()).toEqual([
      'lambda:InvokeFunction',
      'lambda:InvokeFunctionUrl',
    ])
    for (const { Properties } of permissions) {
      expect(Properties).toMatchObject({
        FunctionName: 'backlot-links-redirect',
        Principal: 'cloudfront.amazonaws.com',
      })
      expect(JSON.stringify(Properties.SourceArn)).toContain(`"${distribution?.logicalId}"`)
    }
    edge.hasResourceProperties('AWS::CloudFront::OriginAccessControl', {
      OriginAccessControlConfig: Match.objectLike({ SigningBehavior: 'always', SigningProtocol: 'sigv4' }),
    })
  })

  it('keeps access logs for 90 days', () => {
    expect(config.Logging.Bucket).toBeDefined()
    edge.hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 90, Status: 'Enabled' })] },
    })
  })

  it('is there on AWS only', async () => {
    const stacks = await Promise.all((['local', 'localstack', 'dev'] as const).map((name) => backlot(name)))
    expect(stacks.map(({ templates }) => templates.has('Edge'))).toEqual([false, false, true])
  })
})
