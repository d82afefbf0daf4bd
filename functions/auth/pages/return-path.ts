/** Where somebody goes once they are signed in. Pure. */

/** Parts of this site that send people to sign in. Anything else would make our sign-in page a way to foreign ones. */
const PLACES = ['/auth/', '/oauth2/', '/console']

/** The path to go back to, with its query; undefined for what is not one of ours. */
export function returnPath(text: string | undefined): string | undefined {
  // Browsers read a backslash as a slash and drop control characters: neither is in a path of ours.
  if (text === undefined || !/^\/[\x21-\x5b\x5d-\x7e]*$/.test(text)) return undefined
  const url = URL.parse(text, 'https://here.invalid')
  if (url === null || url.origin !== 'https://here.invalid') return undefined
  const path = url.pathname + url.search
  return PLACES.some((place) => path.startsWith(place)) ? path : undefined
}
