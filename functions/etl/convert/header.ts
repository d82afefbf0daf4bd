/** Which field of a CSV file is which column: by name, never by place. Pure. */
import { InputFault } from './faults.ts'

export interface HeaderRules {
  readonly columns: readonly { readonly name: string; readonly required?: boolean | undefined }[]
  readonly unknownColumns: 'refuse' | 'ignore'
}

const listed = (names: readonly string[]): string =>
  names
    .slice(0, 10)
    .map((name) => JSON.stringify(name.slice(0, 64)))
    .join(', ')

/**
 * For each field of the file the column that it holds; undefined for one that is ignored.
 * @throws InputFault `HeaderMismatch`, which names what is missing, unknown or there twice
 */
export function columnsOfHeader(header: readonly string[], rules: HeaderRules): readonly (string | undefined)[] {
  const declared = new Set(rules.columns.map(({ name }) => name))
  const names = header.map((name) => name.trim())
  const twice = names.filter((name, index) => declared.has(name) && names.indexOf(name) !== index)
  const unknown = names.filter((name) => !declared.has(name))
  const missing = rules.columns.filter(({ name, required }) => required && !names.includes(name))
  const faults = [
    ...(twice.length > 0 ? [`${listed(twice)} is there more than once`] : []),
    ...(unknown.length > 0 && rules.unknownColumns === 'refuse' ? [`${listed(unknown)} is not declared`] : []),
    ...(missing.length > 0 ? [`${listed(missing.map(({ name }) => name))} is missing`] : []),
    ...(names.some((name) => declared.has(name)) ? [] : ['no declared column is there']),
  ]
  if (faults.length > 0) throw new InputFault('HeaderMismatch', `expected the declared columns: ${faults.join('; ')}`)
  return names.map((name) => (declared.has(name) ? name : undefined))
}
