/** Counts what a test run came to. A vitest reporter that prints nothing. */
import type { SerializedError } from 'vitest'
import type { Reporter, TestModule } from 'vitest/node'

export interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** The line that ends `npm test` and `npm run check`; scripts read it. */
export const closingLine = ({ passed, failed, skipped }: Count): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

const CLOSING_LINE = /^(?<passed>\d+) passed, (?<failed>\d+) failed(?:, (?<skipped>\d+) skipped)?$/gm

/** The count of an output's last closing line. */
export function readClosingLine(output: string): Count | undefined {
  const { passed, failed, skipped = 0 } = [...output.matchAll(CLOSING_LINE)].at(-1)?.groups ?? {}
  return passed ? { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) } : undefined
}

/** A module or suite that broke outside its tests (an import, a hook) counts as one failure beside them. */
function countModule(module: TestModule): Count {
  const tests = [...module.children.allTests()].map((test) => test.result().state)
  const suites = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0)
  const broken = (module.errors().length > 0 ? 1 : 0) + suites.length
  return {
    passed: tests.filter((state) => state === 'passed').length,
    // A test that never came to an end did not pass.
    failed: tests.filter((state) => state === 'failed' || state === 'pending').length + broken,
    skipped: tests.filter((state) => state === 'skipped').length,
  }
}

export const add = (a: Count, b: Count): Count => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

export class Tally implements Reporter {
  /** Undefined until a run has ended. */
  count: Count | undefined

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const outside: Count = { passed: 0, failed: unhandled.length, skipped: 0 }
    this.count = modules.map(countModule).reduce(add, outside)
  }
}
