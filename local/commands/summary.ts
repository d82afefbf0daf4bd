/** What `npm start` and `npm run up` print when all is ready. Pure. */
import { DEMO_SIGN_IN } from '../demo-person.ts'
import type { Outputs } from '../outputs.ts'
import { elapsed } from '../progress.ts'

export interface SummaryOptions {
  readonly outputs: Outputs
  readonly tookMs: number
  /** Printed in colour. */
  readonly colour: boolean
  /** Where it runs decides how it is stopped. */
  readonly background: boolean
  readonly hotReload: boolean
}

const paint = (colour: boolean) => (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
const BOLD = 1
const DIM = 2
const CYAN = 36

const row = (name: string, value: string) => `  ${name.padEnd(11)} ${value}`

/** The slug of the first link. Fixed, so that both commands can be pasted as they are. */
const FIRST_SLUG = 'hello'

export function firstCurls({
  edge,
  apiKey,
}: Pick<Outputs, 'edge' | 'apiKey'>): readonly [create: string, follow: string] {
  const body = JSON.stringify({ url: 'https://example.com/', slug: FIRST_SLUG })
  return [
    `curl -s ${edge.url}/api/links/links -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${body}'`,
    `curl -si ${edge.url}/${FIRST_SLUG}`,
  ]
}

const firstSteps = (outputs: Outputs): readonly string[] => [
  '  Make a short link, then follow it:',
  '',
  ...firstCurls(outputs).map((line) => `    ${line}`),
  '',
]

export function summary({ outputs, tookMs, colour, background, hotReload }: SummaryOptions): string {
  const style = paint(colour)
  const url = (text: string) => style(CYAN, text)
  const dim = (text: string) => style(DIM, text)
  const has = (stack: string) => stack in outputs.stacks
  const end = background
    ? 'Runs in the background: `npm run status`, `npm run reset`, `npm run down`.'
    : 'Ctrl-C stops everything. `npm run reset` in another terminal brings the seeded state back.'
  return [
    '',
    `${style(BOLD, 'Backlot is ready')} ${dim(`in ${elapsed(tookMs)}`)}`,
    '',
    row('Edge', url(outputs.edge.url)),
    ...(has('Docs') ? [row('API docs', url(`${outputs.edge.url}/docs`))] : []),
    row('AWS', url(outputs.endpoint)),
    row('Workspace', `${outputs.workspace.name} ${dim(outputs.workspace.id)}`),
    row('API key', outputs.apiKey),
    row(
      'Sign in',
      `${url(`${outputs.edge.url}/auth/sign-in`)} ${dim(`${DEMO_SIGN_IN.email}, ${DEMO_SIGN_IN.password}`)}`,
    ),
    '',
    ...(has('Links') ? firstSteps(outputs) : []),
    dim(`  ${end}${hotReload ? ' Watching: a saved function is live at once.' : ''}`),
    '',
  ].join('\n')
}
