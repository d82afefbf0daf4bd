/** The journey of README.md, pasted into a shell as it stands there, with this cloud's ports. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, it } from 'vitest'
import { MINUTE } from '../../layers/core/clock.ts'
import { CHECKOUT } from '../../local/home.ts'
import { freePort } from '../../local/ports.ts'

const HEADING = '## A journey through all six\n'
/** What the README says, and what takes its place here. */
const EDGE = 'http://localhost:4000'
const LISTENER_PORT = '4100'
/** The journey waits for a mail twice, and ten seconds for the schedule. */
const DEADLINE_MS = 3 * MINUTE
const TIMES = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (\d{4}-\d\d-\d\dT[\d:.]+Z)$/

const README = readFileSync(path.join(CHECKOUT, 'README.md'), 'utf8')
const section = README.split(HEADING)[1]?.split('\n## ')[0] ?? ''
const blocks = [...section.matchAll(/```(sh)?\n(.*?)```/gs)].map(([, language, text = '']) => ({ language, text }))

it(
  'goes through all six services as the README says',
  async () => {
    const origin = inject('outputs').edge.url
    const port = String(await freePort())
    const commands = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)
    const promised = blocks.filter(({ language }) => language === undefined).flatMap(({ text }) => linesOf(text))
    expect(commands, `expected five blocks of commands below ${HEADING}`).toHaveLength(5)

    const script = commands.join('\n').replaceAll(EDGE, origin).replaceAll(LISTENER_PORT, port)
    const { stdout } = await promisify(execFile)(
      'bash',
      ['-euc', `trap 'kill $(jobs -p) 2> /dev/null' EXIT\n${script}`],
      { cwd: CHECKOUT, timeout: DEADLINE_MS },
    )

    const lines = linesOf(stdout)
    expect(lines.filter((line) => !TIMES.test(line))).toEqual(promised.map((line) => line.replaceAll(EDGE, origin)))
    const [, nominal = '', started = ''] = TIMES.exec(lines.find((line) => TIMES.test(line)) ?? '') ?? []
    expect(Date.parse(started), `started ${started}, to be started ${nominal}`).toBeGreaterThanOrEqual(
      Date.parse(nominal),
    )
  },
  DEADLINE_MS + MINUTE,
)

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')
