/** Counts what a test run came to. A vitest reporter that prints nothing. */
import type { SerializedError } from 'vitest'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

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

const FAILURE = '✗ '
const failureLine = (where: string, [error]: readonly SerializedError[]): string =>
  `${FAILURE}${where}: ${error?.message.split('\n', 1)[0] ?? 'never came to an end'}`

/** The lines that name the failures of an output. */
export const readFailures = (output: string): readonly string[] =>
  output.split('\n').filter((line) => line.startsWith(FAILURE))

const isIn =
  (...states: readonly string[]) =>
  (test: TestCase) =>
    states.includes(test.result().state)

/** A line for each. A module or suite that broke outside its tests (an import, a hook) is a failure beside them. */
function failuresOf(module: TestModule): readonly string[] {
  const file = module.relativeModuleId
  const suites = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0)
  // A test that never came to an end did not pass.
  const tests = [...module.children.allTests()].filter(isIn('failed', 'pending'))
  return [
    ...(module.errors().length > 0 ? [failureLine(file, module.errors())] : []),
    ...suites.map((suite) => failureLine(`${file} > ${suite.fullName}`, suite.errors())),
    ...tests.map((test) => failureLine(`${file} > ${test.fullName}`, test.result().errors ?? [])),
  ]
}

export const add = (a: Count, b: Count): Count => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

export class Tally implements Reporter {
  /** Undefined until a run has ended. */
  count: Count | undefined
  failures: readonly string[] = []

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    this.failures = [
      ...modules.flatMap(failuresOf),
      ...unhandled.map((error) => failureLine('an error that no test waited for', [error])),
    ]
    this.count = {
      passed: tests.filter(isIn('passed')).length,
      failed: this.failures.length,
      skipped: tests.filter(isIn('skipped')).length,
    }
  }
}
