import { defineConfig } from 'vitest/config'

// Every test runs against a real broker: one for the whole run, one vhost for each test. The smoke subset is
// `vitest run .smoke.test. examples/`.
export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/**/*.test.ts'],
    globalSetup: ['@leveret/testing/vitest/global-setup', './packages/leveret/test/support/no-secrets.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    pool: 'forks',
    maxWorkers: 3,
  },
})
