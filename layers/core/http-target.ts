/**
 * What a URL of a user must look like before anything is resolved. Pure. Parsed by WHATWG's rules, so `0x7f000001`,
 * `127.1` and full-width digits are the address that they lead to by the time they are checked.
 */
import { type AddressPolicy, addressOfHost, checkAddress } from './http-address.ts'

export type TargetRefusal =
  | 'url_invalid'
  | 'url_scheme'
  | 'url_user_info'
  | 'url_port'
  /** The host is an address, or resolves to one, that is not public. */
  | 'url_address'

export type TargetDecision =
  | { readonly ok: true; readonly url: URL }
  | { readonly ok: false; readonly code: TargetRefusal; readonly detail: string }

/** Ports below are those of other protocols (mail, name service, shells), which HTTP could be made to speak to. */
const FIRST_FREE_PORT = 1_024
const HTTPS_PORT = 443
/** Of names: everything below `localhost` is loopback (RFC 6761 §6.3). */
const LOCAL_NAME = /^(?:.*\.)?localhost\.?$/

const refuse = (code: TargetRefusal, detail: string): TargetDecision => ({ ok: false, code, detail })

/** `https` on port 443 or above 1023; with `allowLoopback` also `http` to this machine, on any port. */
export function checkTarget(input: string, policy: AddressPolicy): TargetDecision {
  const url = URL.parse(input)
  if (url === null) return refuse('url_invalid', 'expected an absolute URL such as https://example.com/hook')
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return refuse('url_scheme', `expected the scheme https, got ${url.protocol.slice(0, -1).slice(0, 32)}`)
  if (url.username !== '' || url.password !== '')
    return refuse('url_user_info', 'expected a URL without user name and password before the host')
  const address = addressOfHost(url.hostname)
  if (policy.allowLoopback && isLoopback(url.hostname, address, policy)) return { ok: true, url }
  if (url.protocol !== 'https:') return refuse('url_scheme', 'expected the scheme https, got http')
  const port = url.port === '' ? HTTPS_PORT : Number(url.port)
  if (port !== HTTPS_PORT && port < FIRST_FREE_PORT)
    return refuse('url_port', `expected port ${HTTPS_PORT} or one from ${FIRST_FREE_PORT}, got ${port}`)
  if (LOCAL_NAME.test(url.hostname)) return refuse('url_address', 'expected a public host, got this machine')
  const decision = address === undefined ? { ok: true as const } : checkAddress(address, policy)
  return decision.ok ? { ok: true, url } : refuse('url_address', 'expected a public address, got one that is not')
}

const isLoopback = (hostname: string, address: string | undefined, policy: AddressPolicy): boolean =>
  LOCAL_NAME.test(hostname) ||
  (address !== undefined &&
    checkAddress(address, policy).ok &&
    !checkAddress(address, { ...policy, allowLoopback: false }).ok)
