/**
 * Passwords that everybody tries first (NIST SP 800-63B-4 §3.1.1.2 asks for a list of them). Those of the published lists
 * that have ten characters and more are a common word with digits around it, a run along the keyboard, or something short
 * said again and again: rules catch them all in a few lines. Pure.
 */

/** Runs are looked for in these, forwards and backwards. */
const RUNS = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'azertyuiop',
]
/** Zigzags and other hand movements that the lists are full of. */
const MOVEMENTS = [
  '1q2w3e4r5t6y7u8i9o0p',
  'q1w2e3r4t5y6u7i8o9p0',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1qaz2wsx3edc4rfv5tgb',
  'zaq12wsxcde34rfv',
  'qwertyuiopasdfghjklzxcvbnm',
]
/** Without digits and signs at their ends, as people write them: alone or one after the other. */
const WORDS =
  'admin administrator baseball backlot changeme computer default dragon football freedom guest hello iloveyou internet jordan killer letmein login love master michael monkey mustang passphrase password passwort princess qwerty root samsung secret shadow starwars summer sunshine superman test trustno user welcome whatever winter azerty ashley charlie liverpool chelsea arsenal pokemon minecraft'.split(
    ' ',
  )
const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

const reversed = (text: string): string => Array.from(text).toReversed().join('')
const ALL_RUNS = [...RUNS, ...MOVEMENTS].flatMap((run) => [run, reversed(run)])
/** Words that follow each other with nothing else: two or three of them are no passphrase. */
const ONLY_WORDS = new RegExp(`^(?:${WORDS.join('|')}){1,3}$`)
/** A unit of up to four characters, three times or more, and what is left of it. */
const REPEATED = /^(.{1,4}?)\1{2,}/su

/** `password` is in NFC. */
export function isCommonPassword(password: string): boolean {
  const text = password.toLowerCase()
  return isRun(text) || isRepeated(text) || isWordWithDigits(text)
}

const isRun = (text: string): boolean => ALL_RUNS.some((run) => run.includes(text))

function isRepeated(text: string): boolean {
  const [all = '', unit] = REPEATED.exec(text) ?? []
  return unit?.startsWith(text.slice(all.length)) ?? false
}

/** `P@ssw0rd2024!` is `password`, whichever of the signs are letters. */
function isWordWithDigits(text: string): boolean {
  const bare = text.replace(/^[^\p{L}@$]+|[^\p{L}]+$/gu, '')
  const plain = (written: string) =>
    written.replace(/[013457@$!]/g, (sign) => LEET[sign] ?? sign).replace(/[\s._-]/g, '')
  return ONLY_WORDS.test(plain(bare)) || ONLY_WORDS.test(plain(text))
}
