/**
 * Many use the same thing at the same moment: one refresh token, one link of a reset mail. What has to hold, each time:
 * 1. of 50 refreshes of one token one gets new tokens; all others get `invalid_grant` and nothing else
 * 2. what the winner got works, and is the only thing that does: the token that all had is dead
 * 3. of 50 redemptions of one link, each with a password of its own, one is done, and its password is the one that signs in
 */
import * as client from 'openid-client'
import type { Outputs } from '../../local/outputs.ts'
import { newApplication, refreshed, signedIn } from '../integration/auth-applications.ts'
import { newBrowser } from '../integration/auth-browser.ts'
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
  /** @default 50 */
  readonly racers?: number
  /** Requests in flight together. @default 10: a laptop's cloud starts a process for each, and a start takes a whole core */
  readonly atOnce?: number
}

const RACERS = 50
const AT_ONCE = 10

export interface AuthChaosResult {
  /** Refreshes that won, one figure for each round. */
  readonly refreshWinners: readonly number[]
  readonly redemptionWinners: readonly number[]
}

/** Throws an error that says what did not hold. */
export async function run({
  outputs,
  times = 1,
  racers = RACERS,
  atOnce = AT_ONCE,
}: AuthChaosOptions): Promise<AuthChaosResult> {
  const origin = outputs.edge.url
  const person = await newPerson(origin)
  const workspace = await newWorkspace(person, 'Races')
  const refreshWinners: number[] = []
  const redemptionWinners: number[] = []
  for (let round = 0; round < times; round += 1) {
    refreshWinners.push(await raceOfRefreshes(person, workspace, racers, atOnce))
    redemptionWinners.push(await raceOfRedemptions(origin, racers, atOnce))
  }
  return { refreshWinners, redemptionWinners }
}

async function raceOfRefreshes(person: Person, workspace: string, racers: number, atOnce: number): Promise<number> {
  const { config, tokens } = await signedIn(person, await newApplication(person, workspace))
  const token = tokens.refresh_token ?? ''
  const outcomes = await race(racers, atOnce, () => refreshed(config, token))
  const winners = outcomes.flatMap((outcome) => (outcome.kind === 'won' ? [outcome.tokens] : []))
  const errors = new Set(outcomes.flatMap((outcome) => (outcome.kind === 'refused' ? [outcome.error] : [])))
  expectThat(winners.length === 1, `one refresh to win, got ${winners.length}`)
  expectThat(
    errors.size === 1 && errors.has('invalid_grant'),
    `invalid_grant for all others, got ${[...errors].join()}`,
  )
  expectThat((await refreshed(config, token)).kind === 'refused', 'the token that all had to be dead')
  const next = await client.refreshTokenGrant(config, winners[0]?.refresh_token ?? '')
  expectThat(next.refresh_token !== undefined, 'the token of the winner to work')
  return winners.length
}

async function raceOfRedemptions(origin: string, racers: number, atOnce: number): Promise<number> {
  const email = newAddress()
  await register(origin, newBrowser(origin), email)
  const browser = newBrowser(origin)
  await browser.fill('/auth/reset', { email })
  const link = linkOf(await mailTo(origin, email, /Choose a new password/))
  const fields = (await browser.get(link)).hidden('/auth/reset/confirm')
  const answers = await race(racers, atOnce, async (index) => {
    const password = `the password of racer ${index}`
    const { status } = await browser.post('/auth/reset/confirm', { ...fields, password })
    return { password, status }
  })
  const winners = answers.filter(({ status }) => status === 303)
  const others = new Set(answers.filter(({ status }) => status !== 303).map(({ status }) => status))
  expectThat(winners.length === 1, `one redemption to win, got ${winners.length}`)
  expectThat(others.size === 1 && others.has(400), `400 for all others, got ${[...others].join()}`)
  const winner = await browser.fill('/auth/sign-in', { email, password: winners[0]?.password ?? '' })
  expectThat(winner.status === 303, `the password of the winner to sign in, got ${winner.status}`)
  const loser = answers.find(({ status }) => status === 400)?.password ?? ''
  const refused = await newBrowser(origin).fill('/auth/sign-in', { email, password: loser })
  expectThat(refused.status === 400, `the password of a loser to be refused, got ${refused.status}`)
  return winners.length
}

/** Runs all, so many together; the results in order. */
async function race<T>(racers: number, atOnce: number, run: (index: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = []
  let next = 0
  const lane = async () => {
    while (next < racers) {
      const index = next
      next += 1
      results[index] = await run(index)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return results
}

function expectThat(holds: boolean, expected: string): asserts holds {
  if (!holds) throw new Error(`expected ${expected}`)
}
