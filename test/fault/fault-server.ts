/** Stands in for an AWS service that is in trouble. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Fault {
  readonly status: number
  readonly body: string
}

const awsError = (status: number, name: string): Fault => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'injected' }),
})

export const FAULTS = {
  throttled: awsError(400, 'ThrottlingException'),
  'out of capacity': awsError(400, 'ProvisionedThroughputExceededException'),
  failing: awsError(500, 'InternalServerError'),
  'answering nonsense': { status: 503, body: '<html>bad gateway</html>' },
} as const satisfies Record<string, Fault>

export interface FaultServer {
  readonly url: string
  /** What it answers from now on. */
  fault: Fault
  /** Requests since it started. */
  readonly requests: () => number
  stop(): Promise<void>
}

export async function startFaultServer(fault: Fault): Promise<FaultServer> {
  let requests = 0
  const server: Server = createServer((request, response) => {
    requests += 1
    request.resume().on('end', () => {
      response.writeHead(faults.fault.status, { 'Content-Type': 'application/x-amz-json-1.0' }).end(faults.fault.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const faults: FaultServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault,
    requests: () => requests,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return faults
}
