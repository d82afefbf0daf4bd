import { defineConfig } from 'vitest/config'

/** The projects that talk to a deployed cloud share one, brought up once by `test/cloud.ts`. */
const onCloud = {
  globalSetup: ['test/cloud.ts'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
  fileParallelism: false,
}

export default defineConfig({
  test: {
    projects: [
      // The deadline is for a machine that many use at once; nothing here takes a second of its own.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'infra',
          include: ['test/infra/**/*.test.ts'],
          globalSetup: ['test/infra/temporary-setup.ts'],
          // One load of aws-cdk-lib and one synthesis per environment for all files: they only look at the templates.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Each file has clouds of its own: two at once, which mostly wait for each other's turn of the processor.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...onCloud } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/fault/**/*.test.ts'],
          ...onCloud,
        },
      },
    ],
  },
})
