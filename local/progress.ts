/**
 * Steps on the terminal: one line each with the time it took. On a TTY the running step has a spinner; elsewhere a
 * line is printed when it ends, and long steps say so while they run. Knows nothing of what the steps do.
 */
export interface Progress {
  /** Runs one step and prints how long it took. The step may rename itself by the given function. */
  step<T>(title: string, run: (update: (detail: string) => void) => Promise<T>): Promise<T>
  /** A line of its own, above the running step. */
  line(text: string): void
}

/** What is written to; `process.stderr` in commands. */
export interface Terminal {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
/** Fast enough to look alive, slow enough to cost nothing. */
const FRAME_MS = 80
/** Without a TTY a step that runs longer is announced, so that a log shows where the time goes. */
const ANNOUNCE_MS = 5_000
const CLEAR_LINE = '\r\u001b[2K'

const paint = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`
const [green, red, dim] = [paint(32), paint(31), paint(2)]

/** `0.4 s`, `12.0 s`, `1 min 05 s`. */
export function elapsed(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

export function terminalProgress(terminal: Terminal, now: () => number = () => performance.now()): Progress {
  return terminal.isTTY ? spinning(terminal, now) : plain(terminal, now)
}

/** For callers that want silence. */
export const silentProgress: Progress = { step: (_title, run) => run(() => {}), line: () => {} }

function spinning(terminal: Terminal, now: () => number): Progress {
  let redraw: () => void = () => {}
  return {
    line(text) {
      terminal.write(`${CLEAR_LINE}${text}\n`)
      redraw()
    },
    async step(title, run) {
      const outer = redraw
      const start = now()
      let [frame, detail] = [0, '']
      const time = () => dim(elapsed(now() - start))
      redraw = () =>
        terminal.write(`${CLEAR_LINE}${SPINNER[frame++ % SPINNER.length]} ${title} ${dim(detail)} ${time()}`)
      const timer = setInterval(redraw, FRAME_MS)
      try {
        const result = await run((text) => {
          detail = text
        })
        terminal.write(`${CLEAR_LINE}${green('✓')} ${title} ${time()}\n`)
        return result
      } catch (error) {
        terminal.write(`${CLEAR_LINE}${red('✗')} ${title} ${time()}\n`)
        throw error
      } finally {
        clearInterval(timer)
        redraw = outer
      }
    },
  }
}

function plain(terminal: Terminal, now: () => number): Progress {
  return {
    line: (text) => void terminal.write(`${text}\n`),
    async step(title, run) {
      const start = now()
      let detail = ''
      const announce = () => terminal.write(`… ${title} ${detail} ${elapsed(now() - start)}\n`)
      const timer = setInterval(announce, ANNOUNCE_MS)
      try {
        const result = await run((text) => {
          detail = text
        })
        terminal.write(`✓ ${title} ${elapsed(now() - start)}\n`)
        return result
      } catch (error) {
        terminal.write(`✗ ${title} ${elapsed(now() - start)}\n`)
        throw error
      } finally {
        clearInterval(timer)
      }
    },
  }
}
