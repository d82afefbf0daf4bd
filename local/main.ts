/** The commands of package.json. Each is loaded when it is called, because most need little of what the others need. */
import { terminalProgress } from './progress.ts'
import { Refusal } from './refusal.ts'
import { readSettings } from './settings.ts'

/** A number that it returns is the exit code; anything else is 0. */
type Command = (args: readonly string[]) => Promise<unknown>

const progress = terminalProgress(process.stderr)

const namesIn = (args: readonly string[]): readonly string[] => args.filter((arg) => !arg.startsWith('-'))

const COMMANDS: Readonly<Record<string, { readonly does: string; readonly run: Command }>> = {
  start: {
    does: 'the local cloud in the foreground [stacks] [--watch]',
    run: async (args) =>
      (await import('./commands/start.ts')).start({
        watch: args.includes('--watch'),
        background: args.includes('--background'),
        stacks: namesIn(args),
      }),
  },
  up: {
    does: 'the local cloud in the background [stacks] [--watch]',
    run: async (args) =>
      (await import('./commands/up.ts')).up({ watch: args.includes('--watch'), stacks: namesIn(args) }),
  },
  down: { does: 'end it', run: async () => (await import('./commands/down.ts')).down(readSettings(), progress) },
  reset: {
    does: 'bring the seeded state back',
    run: async () => (await import('./commands/reset.ts')).reset(readSettings(), progress),
  },
  status: {
    does: 'what runs, and where',
    run: async () => (await import('./commands/status.ts')).status(readSettings()),
  },
  deploy: {
    does: 'deploy [stacks] [--env local|localstack|dev|prod]',
    run: async (args) => (await import('./commands/deploy.ts')).deploy(args, readSettings(), progress),
  },
  invoke: {
    does: 'give an event to a deployed function: <function> <fixture>',
    run: async (args) => (await import('./commands/invoke.ts')).invoke(args, readSettings()),
  },
  trigger: {
    does: 'send an event to where it comes from: <fixture>',
    run: async (args) => (await import('./commands/trigger.ts')).trigger(args, readSettings()),
  },
  test: {
    does: 'all tests, or those that vitest finds by the arguments',
    run: async (args) => (await import('./commands/test.ts')).test(args, progress),
  },
  check: {
    does: 'format, lint, types, dead code, policies',
    run: async () => (await import('./commands/check.ts')).check(),
  },
  bench: { does: 'measured tables [name]', run: async (args) => (await import('./commands/bench.ts')).bench(args) },
  chaos: {
    does: 'the long fault and race tests [service] [--times N]',
    run: async (args) => (await import('./commands/chaos.ts')).chaos(args, progress),
  },
  openapi: {
    does: 'write the OpenAPI documents [--check]',
    run: async (args) => (await import('./commands/openapi.ts')).main(args),
  },
}

function usage(): string {
  const rows = Object.entries(COMMANDS).map(([name, { does }]) => `  npm run ${name.padEnd(8)} ${does}`)
  return ['Commands (arguments after --):', ...rows].join('\n')
}

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command)
    throw new Refusal('unknown_command', name === '' ? 'expected a command' : `there is no command ${name}`, usage())
  const result = await command.run(args)
  return typeof result === 'number' ? result : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(`\n${error.message}${error.hint ? `\n${error.hint}` : ''}`)
  process.exitCode = 1
}
