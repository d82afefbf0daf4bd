/** Where and as whom the redirect calls AWS: from the environment, under the names that the AWS SDKs use. */
import type { AwsCallOptions } from './aws-call.store.ts'
import type { Credentials } from './aws-signature.ts'

type Connection = Omit<AwsCallOptions, 'clock'>
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Endpoints: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html, the service's own variable
 * first. Credentials are read once: Lambda ends an environment before its credentials do.
 * @throws Error that names the missing variable
 */
export async function connection(
  service: Connection['service'],
  environment: Environment = process.env,
): Promise<Connection> {
  const region = environment['AWS_REGION'] ?? required(environment, 'AWS_DEFAULT_REGION')
  const endpoint =
    environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ||
    environment['AWS_ENDPOINT_URL'] ||
    `https://${service}.${region}.amazonaws.com`
  // Only the one that is needed is loaded: https brings TLS with it.
  const transport = endpoint.startsWith('https:') ? await import('node:https') : await import('node:http')
  return { service, region, endpoint, credentials: credentialsFrom(environment), transport }
}

function credentialsFrom(environment: Environment): Credentials {
  const sessionToken = environment['AWS_SESSION_TOKEN']
  return {
    accessKeyId: required(environment, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: required(environment, 'AWS_SECRET_ACCESS_KEY'),
    ...(sessionToken !== undefined && { sessionToken }),
  }
}

function required(environment: Environment, name: string): string {
  const value = environment[name]
  if (!value) throw new Error(`expected the environment variable ${name}, got none`)
  return value
}
