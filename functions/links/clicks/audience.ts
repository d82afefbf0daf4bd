/**
 * Tells people from programs by the user agent. Pure. Both are counted, apart, so a wrong guess loses no click.
 * isbot knows the crawlers; the rules here are what it leaves open, checked against it by the tests.
 */
import { isbot } from 'isbot'

export type Audience =
  | { readonly kind: 'person' }
  | { readonly kind: 'bot'; readonly reason: 'no_user_agent' | 'mail_scanner' | 'known_bot' }

/**
 * Browsers inside apps. Their user agents name the phone (`Google/google; Pixel 8`) and the app, which has made
 * broader patterns take people for crawlers; they go first.
 */
const IN_APP_BROWSER =
  /\b(Instagram|FBAN|FBAV|Snapchat|musical_ly|BytedanceWebview|Pinterest|LinkedInApp|Line)\b[ /\]]/i

/** Gateways and clients that open every link of a mail before its reader does, or instead. */
const MAIL_SCANNER =
  /barracuda|mimecast|proofpoint|safelinks|ironport|fireeye|trendmicro|symantec|messagelabs|sophos|forcepoint|zscaler|ms-office|microsoft office|bitdefender|cloudmark|vade ?secure/i

/** Judges one click. `userAgent` is empty when the header was absent, which no browser does. */
export function audienceOf(userAgent: string): Audience {
  if (userAgent.trim() === '') return { kind: 'bot', reason: 'no_user_agent' }
  if (MAIL_SCANNER.test(userAgent)) return { kind: 'bot', reason: 'mail_scanner' }
  if (IN_APP_BROWSER.test(userAgent)) return { kind: 'person' }
  return isbot(userAgent) ? { kind: 'bot', reason: 'known_bot' } : { kind: 'person' }
}
