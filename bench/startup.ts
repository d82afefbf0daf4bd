/**
 * `bench/startup`: what a newcomer waits for. In a fresh clone of what is committed: `npm start` until the first
 * redirect, `npm start` again, one changed function live by `npm run deploy`, and by `npm start -- --watch`.
 * `--from <repository>` clones another one than this.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { ROOT } from '../infra/sources.ts'
import { Clone, type Started } from './clone.ts'
import { median, type Row, report, rounded, timed, until } from './measure.ts'

/** Seconds, all of them budgets of the product. */
const BUDGET_S = { fresh: 120, freshOurs: 40, second: 20, deploy: 5, watch: 1.5 }
/** Steps that wait for a package registry. */
const DOWNLOADS = /packages|installer/i
const CHANGES = 3

/** A text that the redirect shows to a browser with an unknown slug: what is changed, and where the change is seen. */
const CHANGED_FILE = 'functions/links/redirect/pages.ts'
const TEXT = 'There is no such link'
const UNKNOWN_SLUG = 'bench-unknown'
const LIVE_WITHIN = { withinMs: 60_000, everyMs: 20 }

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { from: { type: 'string', default: ROOT }, json: { type: 'string' } },
  })
  const clone = await Clone.make(values.from)
  try {
    const rows = await measure(clone)
    const notes = [
      'A clone of what is committed, in an empty folder; npm and pip use their caches and the registry as they are on this machine.',
      `“Ours” leaves out the steps that wait for a registry (${DOWNLOADS.source.replaceAll('|', ', ')}). Changes: median of ${CHANGES}, from the saved file to the changed answer.`,
    ]
    await report({ name: 'Start-up', rows, notes }, values.json)
    return rows.every((row) => row['within'] !== 'NO') ? 0 : 1
  } finally {
    await clone.remove()
  }
}

async function measure(clone: Clone): Promise<Row[]> {
  const fresh = await startAndFollow(clone)
  const downloads = sum(fresh.phases.filter(({ title }) => DOWNLOADS.test(title)).map(({ seconds }) => seconds))
  await clone.stop()
  const second = await startAndFollow(clone)
  const deploys = await changes(clone, () => clone.npm('deploy'))
  await clone.stop()
  await clone.start('--watch')
  const watched = await changes(clone, async () => {})
  await clone.stop()
  return [
    row('fresh clone → first redirect', fresh.seconds, BUDGET_S.fresh),
    row('of which ours', fresh.seconds - downloads, BUDGET_S.freshOurs),
    ...fresh.phases.map(({ title, seconds }) => row(`· ${title}`, seconds)),
    row('second npm start → first redirect', second.seconds, BUDGET_S.second),
    ...second.phases.map(({ title, seconds }) => row(`· ${title}`, seconds)),
    row('one function changed → live, npm run deploy', median(deploys), BUDGET_S.deploy),
    row('one function changed → live, npm start -- --watch', median(watched), BUDGET_S.watch),
  ]
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const row = (what: string, seconds: number, budget?: number): Row => ({
  what,
  'took (s)': rounded(seconds),
  'budget (s)': budget,
  within: budget === undefined ? undefined : seconds <= budget ? 'yes' : 'NO',
})

/** Until somebody was sent on by a short link. */
async function startAndFollow(clone: Clone): Promise<Started> {
  const { phases, seconds } = await clone.start()
  const { ms } = await timed(async () => {
    const { edge, apiKey } = await clone.outputs()
    const made = await fetch(`${edge.url}/api/links/links`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ url: 'https://example.com/' }),
    })
    const { slug } = (await made.json()) as { slug?: string }
    const followed = await fetch(`${edge.url}/${slug}`, { redirect: 'manual' })
    if (followed.status !== 302)
      throw new Error(`expected 302 for a link that was made with ${made.status}, got ${followed.status}`)
  })
  return {
    phases: [...phases, { title: 'First link made and followed', seconds: ms / 1000 }],
    seconds: seconds + ms / 1000,
  }
}

/** Seconds from the saved file to its effect. */
async function changes(clone: Clone, publish: () => Promise<void>): Promise<number[]> {
  const { edge } = await clone.outputs()
  const took: number[] = []
  let text = TEXT
  for (let change = 0; change < CHANGES; change += 1) {
    const next = `${TEXT}, ${performance.now()}`
    const { ms } = await timed(async () => {
      await clone.replace(CHANGED_FILE, text, next)
      await publish()
      await until(`the changed page`, () => shows(edge.url, next), LIVE_WITHIN)
    })
    text = next
    took.push(ms / 1000)
  }
  await clone.replace(CHANGED_FILE, text, TEXT)
  return took
}

async function shows(edgeUrl: string, text: string): Promise<boolean> {
  const answer = await fetch(`${edgeUrl}/${UNKNOWN_SLUG}`, { headers: { Accept: 'text/html' } }).catch(() => undefined)
  return (await answer?.text())?.includes(text) ?? false
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
