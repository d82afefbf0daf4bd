/**
 * Many use the same thing at the same moment, all of them in flight together. What has to hold, each time:
 * 1. of 50 refreshes of one token one is done: whoever gets tokens gets the same ones, and nobody gets anything else but
 *    "please try again" (the answer of the first was not there yet), after which they get the same too. Who comes when
 *    the time for a repeat is over is a thief to the service, and no racer
 * 2. the successor works, and a token that comes again when its time is over ends the family, the newest token with it
 *    (long form: the time is ten seconds)
 * 3. of 50 redemptions of one link, each with a password of its own, one is done, and its password is the one that signs in
 */
import * as client from 'openid-client'
import { REPEAT_WINDOW_SECONDS } from '../../functions/auth/oauth2/repeated-refresh.ts'
import { SECOND } from '../../layers/core/clock.ts'
import type { Outputs } from '../../local/outputs.ts'
import { newApplication, refreshed, signedIn } from '../integration/auth-applications.ts'
import { type Browser, newBrowser } from '../integration/auth-browser.ts'
import {
  linkOf,
  mailTo,
  newAddress,
  newPerson,
  newWorkspace,
  type Person,
  register,
} from '../integration/auth-cloud.ts'

export interface AuthChaosOptions {
  readonly outputs: Outputs
  /** @default 1 */
  readonly times?: number
  /** All at once. @default 50 */
  readonly racers?: number
  /** @default long */
  readonly form?: 'short' | 'long'
}

const RACERS = 50

export interface AuthChaosResult {
  /** Refreshes that made new tokens, one figure for each round. */
  readonly refreshWinners: readonly number[]
  readonly redemptionWinners: readonly number[]
}

/** Throws an error that says what did not hold. */
export async function run({
  outputs,
  times = 1,
  racers = RACERS,
  form = 'long',
}: AuthChaosOptions): Promise<AuthChaosResult> {
  const origin = outputs.edge.url
  const person = await newPerson(origin)
  const workspace = await newWorkspace(person, 'Races')
  const refreshWinners: number[] = []
  const redemptionWinners: number[] = []
  for (let round = 0; round < times; round += 1) {
    refreshWinners.push(await raceInTime(() => raceOfRefreshes(person, workspace, racers, form)))
    redemptionWinners.push(await raceOfRedemptions(origin, person, racers, form))
  }
  return { refreshWinners, redemptionWinners }
}

/** A family that is a few generations old, as they are in life; the short form takes the first. */
const GENERATIONS = { short: 1, long: 3 } as const

const RACES = 3

/** Again when the machine took longer for all than the time in which a token may be repeated. */
async function raceInTime(run: () => Promise<number | undefined>): Promise<number> {
  for (let tries = 0; tries < RACES; tries += 1) {
    const winners = await run()
    if (winners !== undefined) return winners
  }
  throw new Error(`expected one of ${RACES} races to be over within ${REPEAT_WINDOW_SECONDS} s`)
}

/** Undefined when some came too late. */
async function raceOfRefreshes(
  person: Person,
  workspace: string,
  racers: number,
  form: 'short' | 'long',
): Promise<number | undefined> {
  const { config, tokens } = await signedIn(person, await newApplication(person, workspace))
  await warm(() => fetch(new URL('/oauth2/jwks', person.browser.origin)), racers)
  let token = tokens.refresh_token ?? ''
  let winners = 0
  for (let generation = 0; generation < GENERATIONS[form]; generation += 1) {
    const [before, presented]: [number, string] = [winners, token]
    const began = performance.now()
    const outcomes = await race(racers, async () => {
      const outcome = await refreshedInTheEnd(config, presented)
      return { ...outcome, isLate: performance.now() - began > REPEAT_WINDOW_SECONDS * SECOND }
    })
    const successors = new Set(outcomes.flatMap((one) => (one.kind === 'won' ? [one.tokens.refresh_token] : [])))
    const refusals = outcomes.filter((one) => one.kind === 'refused')
    const wrong = refusals.filter(({ isLate, error }) => !isLate || error !== 'invalid_grant')
    expectThat(
      wrong.length === 0,
      `the same tokens for all, got ${wrong.length} of ${racers} refused: ${wrong[0]?.error}`,
    )
    expectThat(successors.size === 1, `one successor, got ${successors.size}`)
    if (refusals.length > 0) return undefined
    winners = Math.max(before, successors.size)
    token = String([...successors][0])
  }
  const next = await client.refreshTokenGrant(config, token)
  expectThat(next.refresh_token !== undefined, 'the successor to work')
  if (form === 'long') await theftEndsTheFamily(config, token, next.refresh_token ?? '')
  return winners
}

/** A laptop's cloud has a few processes for all. */
const PATIENCE_MS = 120 * SECOND

/** Asks again while it is told to, as `Retry-After` says. */
async function refreshedInTheEnd(config: client.Configuration, token: string) {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const outcome = await refreshed(config, token)
    // No code of OAuth: the gateway's own, which had no place for it or waited too long.
    const again =
      outcome.kind === 'refused' && (outcome.error ?? 'temporarily_unavailable') === 'temporarily_unavailable'
    if (!again || performance.now() > end) return outcome
    // Spread, so that a crowd that was sent away does not come back as one.
    await new Promise((resolve) => setTimeout(resolve, SECOND * (1 + Math.random())))
  }
}

/** The window of a repeat (`repeated-refresh.ts`) is ten seconds; until it is over the same tokens are given. */
const THEFT_DEADLINE_MS = 60 * SECOND

async function theftEndsTheFamily(config: client.Configuration, token: string, successor: string): Promise<void> {
  const end = performance.now() + THEFT_DEADLINE_MS
  for (;;) {
    const outcome = await refreshed(config, token)
    if (outcome.kind === 'refused' && outcome.error === 'invalid_grant') break
    const same = outcome.kind === 'refused' || outcome.tokens.refresh_token === successor
    expectThat(same, 'the token that was replaced to give its one successor, got another')
    expectThat(performance.now() < end, 'the token that was replaced to be refused within a minute')
    await new Promise((resolve) => setTimeout(resolve, SECOND))
  }
  const newest = await refreshed(config, successor)
  expectThat(newest.kind === 'refused' && newest.error === 'invalid_grant', 'the newest token to die with the family')
}

/** The short form takes the account that is there; the long one makes another in each round. */
async function raceOfRedemptions(
  origin: string,
  person: Person,
  racers: number,
  form: 'short' | 'long',
): Promise<number> {
  const email = form === 'short' ? person.email : newAddress()
  if (form === 'long') await register(origin, newBrowser(origin), email)
  const browser = newBrowser(origin)
  await browser.fill('/auth/reset', { email })
  const link = linkOf(await mailTo(origin, email, /Choose a new password/))
  const fields = (await browser.get(link)).hidden('/auth/reset/confirm')
  await warm(() => fetch(new URL('/auth/sign-in', origin)), racers)
  const answers = await race(racers, (index) => redeemed(browser, `the password of racer ${index}`, fields))
  const others = new Set(answers.filter(({ status }) => status !== 303).map(({ status }) => status))
  expectThat(others.size === 1 && others.has(400), `400 for all others, got ${[...others].join()}`)
  await onePassword(email, origin, answers)
  const loser = answers.find(({ status, lost }) => status === 400 && !lost)?.password ?? ''
  const refused = await newBrowser(origin).fill('/auth/sign-in', { email, password: loser })
  expectThat(refused.status === 400, `the password of a loser to be refused, got ${refused.status}`)
  return 1
}

interface Redemption {
  readonly password: string
  readonly status: number
  /** An answer was lost on the way, perhaps that of the one who was done. */
  readonly lost: boolean
}

/** As a person who sees "try again" and does. */
async function redeemed(
  browser: Browser,
  password: string,
  fields: Readonly<Record<string, string>>,
): Promise<Redemption> {
  const end = performance.now() + PATIENCE_MS
  for (let lost = false; ; lost = true) {
    const status = await sent(browser, { ...fields, password })
    if (status < 500 || performance.now() > end) return { password, status, lost }
  }
}

/** Past the browser's check of answers: the gateway's own, for whom no place was free, are no part of our API. */
async function sent({ origin, cookies }: Browser, fields: Readonly<Record<string, string>>): Promise<number> {
  const headers = {
    Origin: 'null',
    'Sec-Fetch-Site': 'same-origin',
    Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
  }
  const body = new URLSearchParams(fields)
  const url = new URL('/auth/reset/confirm', origin)
  const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers, body })
  await answer.arrayBuffer()
  return answer.status
}

/** The password that signs in, which is the winner's; an answer that was lost is no second one. */
async function onePassword(email: string, origin: string, all: readonly Redemption[]): Promise<void> {
  const told = all.filter(({ status }) => status === 303)
  expectThat(told.length <= 1, `one redemption to win, got ${told.length}`)
  const candidates = told.length === 1 ? told : all.filter(({ lost }) => lost).slice(0, MAX_SIGN_INS)
  const good: string[] = []
  for (const { password } of candidates)
    if ((await newBrowser(origin).fill('/auth/sign-in', { email, password })).status === 303) good.push(password)
  expectThat(good.length === 1, `the password of the winner alone to sign in, got ${good.length} that do`)
}

/** Guesses at one address are counted: ten in a quarter of an hour. */
const MAX_SIGN_INS = 8

/** A laptop's cloud starts a process for each: on one core for all, none answers while they start. */
const WARMING = { deadlineMs: 180 * SECOND, soonMs: 3 * SECOND }

/** Asks until so many at once are answered soon: the race is between requests, not between starts of processes. */
async function warm(ask: () => Promise<Response>, racers: number): Promise<void> {
  const end = performance.now() + WARMING.deadlineMs
  for (;;) {
    const began = performance.now()
    const statuses = await race(racers, async () => (await ask()).status)
    if (statuses.every((status) => status === 200) && performance.now() - began < WARMING.soonMs) return
    if (performance.now() > end) return
  }
}

/** All in flight together; the results in order. */
const race = <T>(racers: number, run: (index: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: racers }, (_, index) => run(index)))

function expectThat(holds: boolean, expected: string): asserts holds {
  if (!holds) throw new Error(`expected ${expected}`)
}
