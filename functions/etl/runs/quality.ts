/** Whether a converted file may be published: the share of bad rows, then the dataset's rules. Pure. */
import type { Definition, QualityRule } from '../catalog/dataset.ts'
import type { InputFaultName } from '../convert/faults.ts'
import type { RunResult } from './step-schemas.ts'

export type Verdict =
  | { readonly ok: true; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly name: InputFaultName; readonly detail: string }

export function verdictOf(definition: Definition, result: RunResult): Verdict {
  const { recordsIn, quarantined } = result.counts
  // As a product: a share of 0.1 of 10 rows is exactly one row, whatever 1 / 10 is in binary.
  if (quarantined > definition.maxQuarantinedShare * recordsIn)
    return {
      ok: false,
      name: 'TooManyBadRows',
      detail: `expected at most ${definition.maxQuarantinedShare * 100} % bad rows, got ${quarantined} of ${recordsIn}`,
    }
  const failed = definition.rules.flatMap((rule, index) => {
    const detail = failureOf(rule, index, result)
    return detail === undefined ? [] : [{ detail, onFailure: rule.onFailure }]
  })
  const aborting = failed.filter(({ onFailure }) => onFailure === 'abort')
  if (aborting.length > 0)
    return { ok: false, name: 'QualityFailed', detail: aborting.map(({ detail }) => detail).join('; ') }
  return { ok: true, warnings: failed.map(({ detail }) => detail) }
}

function failureOf(rule: QualityRule, index: number, { counts, files, repeated }: RunResult): string | undefined {
  switch (rule.rule) {
    case 'rowCount': {
      const { min = 0, max = Number.POSITIVE_INFINITY } = rule
      if (counts.good >= min && counts.good <= max) return undefined
      return `rowCount: expected ${min} to ${max} good rows, got ${counts.good}`
    }
    case 'nullShare': {
      const nulls = files.reduce((sum, { columns }) => sum + (columns[rule.column]?.nulls ?? 0), 0)
      if (nulls <= rule.max * counts.good) return undefined
      return `nullShare: expected at most ${rule.max * 100} % of ${rule.column} without a value, got ${nulls} of ${counts.good}`
    }
    case 'unique': {
      const rows = repeated[String(index)] ?? 0
      if (rows === 0) return undefined
      return `unique: expected ${rule.columns.join(', ')} once in the file, got ${rows} values more than once`
    }
    default:
      return rule satisfies never
  }
}
