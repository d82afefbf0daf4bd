/** Interpreters for tests: shell scripts that answer what the set-up asks of a Python, and write down what it did. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface FakePython {
  readonly version: string
  /** Whether it has the modules venv and ensurepip. */
  readonly complete?: boolean
  /** Printed by `-m pip install`, which then fails. */
  readonly pipError?: string
}

/** `-m venv DIR` makes a folder with a copy of the script in it; each call is a line in `<folder>/calls`. */
export async function fakePython(file: string, { version, complete = true, pipError }: FakePython): Promise<string> {
  const probe = JSON.stringify({ path: file, version: version.split('.').map(Number), complete })
  const calls = join(dirname(file), 'calls')
  const pip = pipError === undefined ? ':' : `echo '${pipError}' >&2; exit 1`
  const script = `#!/bin/sh
echo "$*" >> '${calls}'
case "$1 $2" in
  '-m venv') /bin/mkdir -p "$3/bin" && /bin/cp "$0" "$3/bin/python" ;;
  '-m pip') ${pip} ;;
  '-c '*) echo '${probe}' ;;
esac
`
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, script)
  await chmod(file, 0o755)
  return file
}
