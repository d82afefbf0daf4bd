/**
 * Run by cold-start.ts in a fresh process: imports a bundle and prints, from process start to its handler, the
 * milliseconds on the clock and those of the processor.
 */
const { handler } = await import(process.argv[2])
if (typeof handler !== 'function') throw new Error(`expected a handler function, got ${typeof handler}`)
const { user, system } = process.cpuUsage()
process.stdout.write(`\n${performance.now()} ${(user + system) / 1000}`, () => process.exit(0))
