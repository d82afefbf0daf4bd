import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { RUNBOOK } from '../../infra/constructs/monitoring.ts'
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts'
import { ROOT } from '../../infra/sources.ts'
import { backlot, type Resource } from './backlot.ts'

const text = readFileSync(path.join(ROOT, RUNBOOK), 'utf8')
/** An alarm's heading is the third level; nothing else in the runbook uses it. */
const sections = text
  .split(/^### /m)
  .slice(1)
  .map((section) => section.split('\n'))
const headings = sections.map(([heading]) => heading)

const alarmsOf = async (name: (typeof ENVIRONMENT_NAMES)[number]): Promise<readonly Resource[]> =>
  (await backlot(name)).ofType('AWS::CloudWatch::Alarm')

describe('the runbook', () => {
  let alarms: readonly Resource[]
  beforeAll(async () => {
    alarms = (await Promise.all(ENVIRONMENT_NAMES.map(alarmsOf))).flat()
  })

  it('has one heading for every alarm, and none for another', () => {
    const names = new Set(alarms.map(({ Properties }): string => Properties.AlarmDescription.split('#')[1]))
    expect(headings.toSorted()).toEqual([...names].toSorted())
  })

  it('is what every alarm points at, with the impact before it', () => {
    for (const { Properties } of alarms) {
      const [impact, anchor] = Properties.AlarmDescription.split(` Runbook: ${RUNBOOK}#`)
      expect(impact).toMatch(/^[A-Z].+\.$/)
      expect(Properties.AlarmName).toMatch(new RegExp(`^backlot(-dev)?-${anchor}$`))
    }
  })

  it('says for each what users notice, how to look, and what to do', () => {
    for (const lines of sections) {
      const section = lines.join('\n')
      for (const part of ['**Users notice:**', '**Look:**', '**Do:**'])
        expect(section, `${lines[0]} lacks ${part}`).toContain(part)
    }
  })
})
