/**
 * JSON for the log without secrets: fields whose name says that they hold one, and text that looks like one wherever
 * it stands (an API key in an error message). The second is a net, not a licence: code must not log secrets.
 */
export const REDACTED = '[redacted]'

const SECRET_NAMES =
  /^(authorization|cookie|set-cookie|x-api-key|api-?key|credentials?)$|password|secret(?!id$)|token$/i

/** Text forms of secrets, each with what stays of it. An API key keeps its public id part. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\bbk_([0-9A-Za-z]+)_[0-9A-Za-z]+/g, `bk_$1_${REDACTED}`],
  [/\b(Bearer|Basic)\s+[\w.~+/-]+=*/gi, `$1 ${REDACTED}`],
  [/\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g, REDACTED],
]

function replacer(name: string, value: unknown): unknown {
  if (SECRET_NAMES.test(name) && value !== undefined && value !== null) return REDACTED
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'string') return redactText(value)
  return value
}

export function redactText(text: string): string {
  // Every form contains one of these; most texts contain none, and the hot path logs many texts.
  if (!/bk_|bearer|basic|eyJ/i.test(text)) return text
  return SECRET_TEXTS.reduce((kept, [pattern, replacement]) => kept.replace(pattern, replacement), text)
}

/** Never throws: a value that JSON can't hold (a cycle) gives a line that says so, instead of none. */
export function redactedJson(fields: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(fields, replacer)
  } catch (error) {
    const { level, function: name, requestId } = fields
    const reason = error instanceof Error ? error.message : String(error)
    return JSON.stringify({ level, function: name, requestId, unserialisable: reason }, replacer)
  }
}
