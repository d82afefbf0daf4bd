/** What API Gateway answers itself, without the function, in the same words as the function kit: problem+json. */
import { ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway'
import { PROBLEM_CONTENT_TYPE, PROBLEMS, type ProblemCode } from '../../layers/core/problem.ts'

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
const RESPONSES: ReadonlyArray<readonly [ResponseType, ProblemCode]> = [
  [ResponseType.THROTTLED, 'rate_limited'],
  [ResponseType.REQUEST_TOO_LARGE, 'body_too_large'],
  [ResponseType.UNSUPPORTED_MEDIA_TYPE, 'unsupported_media_type'],
  [ResponseType.MISSING_AUTHENTICATION_TOKEN, 'route_not_found'],
  [ResponseType.ACCESS_DENIED, 'permission_denied'],
  [ResponseType.WAF_FILTERED, 'permission_denied'],
  [ResponseType.INTEGRATION_TIMEOUT, 'dependency_unavailable'],
  [ResponseType.INTEGRATION_FAILURE, 'dependency_unavailable'],
  [ResponseType.DEFAULT_4XX, 'validation_failed'],
  [ResponseType.DEFAULT_5XX, 'internal_error'],
]

const RETRY_AFTER_SECONDS = 1
const RETRYABLE: readonly ProblemCode[] = ['rate_limited', 'dependency_unavailable']

export function addProblemResponses(api: RestApi): void {
  for (const [type, code] of RESPONSES) {
    const { status, title } = PROBLEMS[code]
    const document = {
      type: `/docs/problems#${code}`,
      title,
      status,
      detail: `${title}.`,
      code,
      instance: '$context.requestId',
    }
    api.addGatewayResponse(`Problem-${type.responseType}`, {
      type,
      statusCode: String(status),
      responseHeaders: {
        'Content-Type': `'${PROBLEM_CONTENT_TYPE}'`,
        'Cache-Control': `'no-store'`,
        ...(RETRYABLE.includes(code) && { 'Retry-After': `'${RETRY_AFTER_SECONDS}'` }),
      },
      templates: { 'application/json': JSON.stringify(document) },
    })
  }
}
