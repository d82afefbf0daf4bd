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
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { name: 'infra', include: ['test/infra/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...onCloud } },
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts', 'test/fault/**/*.test.ts'], ...onCloud } },
    ],
  },
})
