/** CloudFront, made from the table in `edge.ts`: one public origin before every API and the redirect. AWS only. */
import { type App, Aws, Duration, Fn, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  FunctionUrlOriginAccessControl,
  HttpVersion,
  type IOrigin,
  type IOriginRequestPolicy,
  OriginProtocolPolicy,
  OriginRequestCookieBehavior,
  OriginRequestHeaderBehavior,
  OriginRequestPolicy,
  OriginRequestQueryStringBehavior,
  PriceClass,
  type ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import { CfnPermission } from 'aws-cdk-lib/aws-lambda'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { StringParameter } from 'aws-cdk-lib/aws-ssm'
import { acknowledge } from './constructs/policies.ts'
import { securityHeaders } from './constructs/security-headers.ts'
import { STAGE } from './constructs/service-api.ts'
import { outputParameter, ServiceStack } from './constructs/service-stack.ts'
import { EDGE_ROUTES, type EdgeOrigin, type EdgeRoute, type ForwardedHeaders, REDIRECT_HEADERS } from './edge.ts'
import { type Environment, nameIn } from './environments.ts'
import { functionSource } from './sources.ts'

const ACCESS_LOG_RETENTION = Duration.days(90)

export class Edge extends ServiceStack {
  readonly #origins = new Map<string, IOrigin>()
  /** Names of the functions whose URL only this distribution may call. */
  readonly #invoked = new Set<string>()

  /** `origins` are the stacks that publish where they are; they have to be there first. */
  constructor(app: App, environment: Environment, origins: readonly Stack[]) {
    super(app, 'Edge', { environment, description: 'Backlot: the public origin' })
    for (const stack of origins) this.addStackDependency(stack, 'the distribution points at what the stack has made')

    const headers = securityHeaders(this)
    const policies = this.#originRequestPolicies()
    const behaviors = EDGE_ROUTES.map((route) => this.#behavior(route, policies, headers))
    const [fallback, ...others] = behaviors.toReversed()
    if (!fallback) throw new Error('expected the edge table to have a last row, *, got none')
    const patterns = EDGE_ROUTES.map(({ pattern }) => pattern)
    const distribution = new Distribution(this, 'Distribution', {
      comment: `${environment.prefix}: ${environment.publicOrigin}`,
      defaultBehavior: fallback,
      additionalBehaviors: Object.fromEntries(
        others.toReversed().map((behavior, index) => [patterns[index], behavior]),
      ),
      ...this.#names(),
      httpVersion: HttpVersion.HTTP2_AND_3,
      // North America and Europe; the others cost more for each request.
      priceClass: PriceClass.PRICE_CLASS_100,
      logBucket: this.#accessLogs(),
    })
    this.#allowInvoking(distribution)
    this.#acknowledge(distribution)
    this.publish('DistributionDomain', distribution.distributionDomainName)
  }

  #behavior(
    { origin, methods, headers }: EdgeRoute,
    policies: Readonly<Record<ForwardedHeaders, IOriginRequestPolicy>>,
    responseHeadersPolicy: ResponseHeadersPolicy,
  ): BehaviorOptions {
    return {
      origin: this.#origin(origin),
      allowedMethods: methods === 'all' ? AllowedMethods.ALLOW_ALL : AllowedMethods.ALLOW_GET_HEAD,
      // Every answer depends on the caller or counts a click.
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: policies[headers],
      responseHeadersPolicy,
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      compress: true,
    }
  }

  #origin(origin: EdgeOrigin): IOrigin {
    const key = `${origin.stack}-${origin.output}`
    const made = this.#origins.get(key) ?? this.#makeOrigin(origin)
    this.#origins.set(key, made)
    return made
  }

  #makeOrigin(origin: EdgeOrigin): IOrigin {
    const parameter = outputParameter(this.deployment, origin.stack.toLowerCase(), origin.output)
    const value = StringParameter.valueForStringParameter(this, parameter)
    const protocolPolicy = OriginProtocolPolicy.HTTPS_ONLY
    if (origin.kind === 'api')
      return new HttpOrigin(`${value}.execute-api.${this.region}.${Aws.URL_SUFFIX}`, {
        originPath: `/${STAGE}`,
        protocolPolicy,
      })
    const { service, name } = functionSource(origin.source)
    this.#invoked.add(nameIn(this.deployment, service, name))
    const access = new FunctionUrlOriginAccessControl(this, `${origin.stack}${origin.output}Access`)
    return new HttpOrigin(hostOf(value), { protocolPolicy, originAccessControlId: access.originAccessControlId })
  }

  /** A function URL needs both: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
  #allowInvoking(distribution: Distribution): void {
    for (const functionName of this.#invoked) {
      const base = { functionName, principal: 'cloudfront.amazonaws.com', sourceArn: distribution.distributionArn }
      new CfnPermission(this, `InvokeUrl-${functionName}`, { ...base, action: 'lambda:InvokeFunctionUrl' })
      new CfnPermission(this, `Invoke-${functionName}`, {
        ...base,
        action: 'lambda:InvokeFunction',
        invokedViaFunctionUrl: true,
      })
    }
  }

  #originRequestPolicies(): Readonly<Record<ForwardedHeaders, IOriginRequestPolicy>> {
    return {
      allExceptHost: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      redirect: new OriginRequestPolicy(this, 'RedirectHeaders', {
        originRequestPolicyName: `${this.deployment.prefix}-redirect`,
        headerBehavior: OriginRequestHeaderBehavior.allowList(...REDIRECT_HEADERS),
        queryStringBehavior: OriginRequestQueryStringBehavior.all(),
        cookieBehavior: OriginRequestCookieBehavior.none(),
      }),
    }
  }

  #names() {
    const { certificateArn, publicOrigin } = this.deployment
    if (!certificateArn) return {}
    return {
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      domainNames: [new URL(publicOrigin).hostname],
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
    }
  }

  #accessLogs(): Bucket {
    const { keepsData } = this.deployment
    const bucket = new Bucket(this, 'AccessLogs', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // CloudFront's standard logs are written by an access control list.
      objectOwnership: ObjectOwnership.OBJECT_WRITER,
      lifecycleRules: [{ expiration: ACCESS_LOG_RETENTION }],
      removalPolicy: keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    acknowledge(
      bucket,
      'AwsSolutions-S1',
      'It holds access logs; a log of reading them would need a bucket of its own.',
    )
    return bucket
  }

  #acknowledge(distribution: Distribution): void {
    acknowledge(distribution, 'AwsSolutions-CFR1', 'Short links are followed from every country.')
    acknowledge(
      distribution,
      'AwsSolutions-CFR2',
      'Rate limits are per key in the kit; a web ACL costs per month and is a choice of who deploys.',
    )
    if (!this.deployment.certificateArn)
      acknowledge(
        distribution,
        'AwsSolutions-CFR4',
        "CloudFront's own domain name takes no minimum TLS version; prod requires a certificate.",
      )
  }
}

/** `https://abc.lambda-url.eu-west-1.on.aws/` → its host, at deploy time. */
const hostOf = (url: string): string => Fn.select(2, Fn.split('/', url))
