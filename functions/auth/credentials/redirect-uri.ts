/** Where an authorization may be sent: RFC 9700 §2.1, RFC 8252 §7. Pure. */

/** What is wrong with a redirect URI; undefined when nothing is. */
export function redirectUriFault(text: string): string | undefined {
  const uri = URL.parse(text)
  if (uri === null || text.length > 2_000) return 'expected an absolute URI'
  if (uri.hash !== '' || text.includes('#')) return 'expected no fragment'
  if (text.includes('*')) return 'expected no wildcard'
  if (uri.username !== '' || uri.password !== '') return 'expected no user and no password'
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(uri.hostname)
  if (uri.protocol === 'https:' || (uri.protocol === 'http:' && loopback)) return undefined
  return 'expected https, or http on the machine itself'
}
