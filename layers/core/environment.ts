/**
 * Names of a function's environment variables, declared once: the construct sets exactly these, the handler
 * reads exactly these. No library: the redirect, whose bundle is limited to 60 kB, uses it too.
 */
export interface EnvironmentDefinition<Name extends string> {
  readonly names: readonly Name[]
  /** Reads every variable; throws one error that lists all that are missing. Call it once, at cold start. */
  read(source?: Readonly<Record<string, string | undefined>>): Readonly<Record<Name, string>>
}

export function defineEnvironment<const Name extends string>(names: readonly Name[]): EnvironmentDefinition<Name> {
  return {
    names,
    read(source = process.env) {
      const missing = names.filter((name) => !source[name])
      if (missing.length > 0)
        throw new Error(`expected the environment variables ${names.join(', ')}; missing: ${missing.join(', ')}`)
      return Object.fromEntries(names.map((name) => [name, source[name]])) as Record<Name, string>
    },
  }
}
