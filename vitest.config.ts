import { defineConfig } from 'vitest/config'

/** The projects that talk to a deployed cloud share one, brought up once by `test/cloud.ts`. Deadlines are for busy machines. */
const onCloud = { globalSetup: ['test/cloud.ts'], testTimeout: 60_000, hookTimeout: 60_000 }

/** Groups go one after the other, in this order; within a group, files run beside each other. */
const GROUPS = { alone: 0, clouds: 1, clients: 2, chaos: 3, faults: 4 }

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
          sequence: { groupOrder: GROUPS.alone },
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
          sequence: { groupOrder: GROUPS.clouds },
        },
      },
      // Clients like any others, each with a workspace of its own: they mostly wait for the cloud's answers.
      ...['contract', 'integration'].map((name) => ({
        test: {
          ...onCloud,
          name,
          include: [`test/${name}/**/*.test.ts`],
          maxWorkers: 6,
          sequence: { groupOrder: GROUPS.clients },
        },
      })),
      // Each kills functions of its own service.
      {
        test: {
          ...onCloud,
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          maxWorkers: 5,
          sequence: { groupOrder: GROUPS.chaos },
        },
      },
      // These change what all others use: settings of functions and queues.
      {
        test: {
          ...onCloud,
          name: 'fault',
          include: ['test/fault/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: GROUPS.faults },
        },
      },
    ],
  },
})
