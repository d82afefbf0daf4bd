import { SQSClient } from '@aws-sdk/client-sqs'
import { CLIENT_LIMITS } from './dynamo.ts'

/**
 * Make one at cold start and pass it to the stores. Calls go to the service's endpoint, not to the host of the queue's
 * URL: a URL that is made by convention, for a queue of another stack, then works on every target.
 */
export const queueClient = (): SQSClient => new SQSClient({ ...CLIENT_LIMITS, useQueueUrlAsEndpoint: false })
