import { defineConfig } from 'vitest/config'

// The wire matrix: `npm run matrix -- wire` builds the last release, and names its folder.
export default defineConfig({
  test: {
    include: ['packages/release/test/wire/*.matrix.ts'],
    globalSetup: ['@leveret/testing/vitest/global-setup'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
