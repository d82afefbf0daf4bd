/**
 * Which addresses a URL of a user may lead to: public unicast, nothing else. Pure.
 *
 * `process` turns IPv4-mapped addresses into what they are (`::ffff:10.0.0.1` is private); NAT64, 6to4 and Teredo have
 * ranges of their own. A list of what is allowed can't miss a range, a list of what is forbidden always does.
 */
import ipaddr from 'ipaddr.js'

export interface AddressPolicy {
  /** For tests and development on one machine. Never where others can ask. */
  readonly allowLoopback: boolean
}

export type AddressDecision =
  | { readonly ok: true }
  /** `range` as ipaddr.js names it: `private`, `linkLocal`, `carrierGradeNat`, … */
  | { readonly ok: false; readonly range: string }

/** `address` is the text of an IPv4 or IPv6 address, without brackets. */
export function checkAddress(address: string, { allowLoopback }: AddressPolicy): AddressDecision {
  // A zone (`fe80::1%eth0`) names an interface of this machine.
  if (!ipaddr.isValid(address) || address.includes('%')) return { ok: false, range: 'invalid' }
  const range = ipaddr.process(address).range()
  if (range === 'unicast' || (allowLoopback && range === 'loopback')) return { ok: true }
  return { ok: false, range }
}

/** The address that a URL's host is, without brackets; undefined for a name. */
export function addressOfHost(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(bare) ? bare : undefined
}
