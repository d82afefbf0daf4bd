/** The processes of one function of one local cloud, found by their environment. Kills nothing but these. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** Some hundred processes with their environments. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** Process ids. `endpoint` is the cloud's, as in its outputs. */
export async function processesOf(functionName: string, endpoint: string): Promise<readonly number[]> {
  const { port } = new URL(endpoint)
  // The same on Linux and macOS: all processes of mine, with their environments.
  const { stdout } = await run('ps', ['axeww', '-o', 'pid=,args='], { maxBuffer: MAX_OUTPUT_BYTES })
  return stdout
    .split('\n')
    .filter((line) => ` ${line} `.includes(` AWS_LAMBDA_FUNCTION_NAME=${functionName} `))
    .filter((line) => new RegExp(` AWS_ENDPOINT_URL=\\S*:${port}\\b`).test(line))
    .map((line) => Number.parseInt(line.trim(), 10))
}

/** Ends a process as a machine that fails would: it hears nothing of it. False when it was gone already. */
export function killProcess(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
