/** How commands reach a LocalStack: its endpoint, and the credentials that it accepts from anybody. */
export interface CloudAddress {
  /** For example `http://127.0.0.1:4566`, without a trailing slash. */
  readonly endpoint: string
  readonly region: string
}

export const LOCAL_REGION = 'us-east-1'

/** Configuration of an AWS SDK client for that cloud, independent of the caller's own profile and region. */
export const clientFor = ({ endpoint, region }: CloudAddress) => ({
  endpoint,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})

/** The same as environment variables, for child processes such as the CDK CLI. Removes a profile that would win. */
export function environmentFor({ endpoint, region }: CloudAddress): Record<string, string | undefined> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
  }
}
