/** Stripe's ways to send a key: as bearer token, or as the user name of Basic with an empty password (`curl -u key:`). Pure. */

/** The header in the form that the gate reads; what can't be read stays as it is, and the gate refuses it. */
export function bearerOf(authorization: string | undefined): string | undefined {
  const [, encoded] = /^Basic +([\w+/=-]+) *$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return authorization
  // RFC 7617 §2: everything up to the first colon is the user name. Stripe ignores the password.
  const [userName = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return `Bearer ${userName}`
}
