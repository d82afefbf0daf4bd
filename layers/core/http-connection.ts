/**
 * One HTTP request on a connection of its own, to an address that was checked: the check stands in the look-up that the
 * connection itself uses, so there is no moment at which the name could be made to mean another address (DNS rebinding).
 * Server name and certificate stay those of the URL. Redirects are not followed here.
 *
 * Node's own client instead of a library: `lookup` is all that is needed of one, and a fetch library would be half of
 * the bundle of every function that calls out.
 */
import type { LookupAddress } from 'node:dns'
import { lookup as systemLookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { type AddressPolicy, checkAddress } from './http-address.ts'

/** Every address of a name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

export const systemResolve: Resolve = (hostname) => systemLookup(hostname, { all: true, verbatim: true })

export interface Hop {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  /** Ends the exchange, whatever it is at. */
  readonly signal: AbortSignal
  /** What is behind is not read. */
  readonly maxBytes: number
}

export interface HopAnswer {
  readonly status: number
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The body was longer than `maxBytes`. */
  readonly truncated: boolean
}

/** An address that must not be connected to. The message names no address: it may reach whoever chose the URL. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError'
  readonly code = 'url_address'
}

/** One address that is not allowed spoils the name: which one a connection takes is a matter of chance. */
function guardedLookup(resolve: Resolve, policy: AddressPolicy): LookupFunction {
  return (hostname, options, answered) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses
        if (first === undefined || addresses.some(({ address }) => !checkAddress(address, policy).ok))
          answered(new ForbiddenAddressError('expected a host with public addresses only'), [])
        else if (options.all === true) answered(null, [...addresses])
        else answered(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => answered(error, []),
    )
  }
}

/** Rejects with Node's error, with the signal's reason, or with `ForbiddenAddressError`. */
export type Exchange = (hop: Hop) => Promise<HopAnswer>

export function createExchange(policy: AddressPolicy, resolve: Resolve = systemResolve): Exchange {
  const lookup = guardedLookup(resolve, policy)
  const begin = ({ method, url, headers, body, signal }: Hop): Promise<IncomingMessage> =>
    new Promise((answered, failed) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest
      const sent = send(url, { method, headers, lookup, signal, agent: false }, answered)
      sent.on('error', (error) => failed(signal.aborted ? (signal.reason as Error) : error))
      sent.end(body)
    })
  return async (hop) => {
    const answer = await begin(hop)
    const { bytes, truncated } = await readBody(answer, hop.maxBytes)
    return { status: answer.statusCode ?? 0, headers: headersOf(answer), body: bytes, truncated }
  }
}

async function readBody(answer: IncomingMessage, maxBytes: number): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    // Leaving the loop destroys the connection.
    if (length > maxBytes) break
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), truncated: length > maxBytes }
}

const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
