import fc from 'fast-check'
import { isbot } from 'isbot'
import { expect, it, test } from 'vitest'
import { audienceOf } from '../../../functions/links/clicks/audience.ts'
import { anyText } from './any-text.ts'

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

test.each([
  ['Chrome', CHROME],
  [
    'Safari on a phone',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  ],
  ['Firefox', 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'],
  [
    'Instagram on a Pixel',
    'Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A.240205.004; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/121.0.6167.178 Mobile Safari/537.36 Instagram 319.0.0.43.110 Android (34/14; 420dpi; 1080x2173; Google/google; Pixel 8; shiba; shiba; en_US; 565083610)',
  ],
  [
    'Facebook on an iPhone',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21D50 [FBAN/FBIOS;FBAV/450.0.0.38.108;FBDV/iPhone14,5]',
  ],
  [
    'a phone called Cubot',
    'Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.106 Mobile Safari/537.36',
  ],
  [
    'the Google app',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/300.0 Mobile/15E148 Safari/604.1',
  ],
])('%s is a person', (_, userAgent) => {
  expect(audienceOf(userAgent)).toEqual({ kind: 'person' })
})

test.each([
  ['nothing', '', 'no_user_agent'],
  ['blanks', '  ', 'no_user_agent'],
  ['Barracuda', 'Barracuda Sentinel (EE)', 'mail_scanner'],
  ['Barracuda in a browser’s clothes', `${CHROME} BarracudaCentral/1.0`, 'mail_scanner'],
  ['Proofpoint', `${CHROME} Proofpoint`, 'mail_scanner'],
  ['Mimecast', 'Mimecast URL Scanner', 'mail_scanner'],
  ['Outlook', 'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.10396; Pro)', 'mail_scanner'],
  ['Slack', 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'known_bot'],
  ['WhatsApp’s preview', 'WhatsApp/2.23.20.0', 'known_bot'],
  ['curl', 'curl/8.14.1', 'known_bot'],
  ['Googlebot', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'known_bot'],
])('%s is a bot', (_, userAgent, reason) => {
  expect(audienceOf(userAgent)).toEqual({ kind: 'bot', reason })
})

it('has rules of its own where isbot has none', () => {
  expect(isbot('')).toBe(false)
  expect(isbot(`${CHROME} Proofpoint`)).toBe(false)
})

it('judges anything without throwing', () => {
  fc.assert(fc.property(anyText(), (userAgent) => ['person', 'bot'].includes(audienceOf(userAgent).kind)))
})
