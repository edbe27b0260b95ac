import { defineConfig } from 'vitest/config'

/** One project per kind of test; each has its own share of the time that CI allows. */
const project = (name: string, testTimeoutMs: number, parallel: boolean) => ({
  test: {
    name,
    include: name === 'unit' ? ['test/unit/**/*.test.ts', 'test/*.test.ts'] : [`test/${name}/**/*.test.ts`],
    ...(name === 'unit' ? {} : { globalSetup: ['test/support/prepare-ledger.ts'] }),
    testTimeout: testTimeoutMs,
    hookTimeout: 60_000,
    pool: 'forks' as const,
    isolate: name === 'unit' || name === 'e2e',
    fileParallelism: parallel,
    // Tests with real processes meet real stalls on a shared machine; a second try is shown in the report, a second failure fails.
    retry: process.env['CI'] && name !== 'unit' ? 1 : 0,
  },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', 60_000, true),
      project('contract', 60_000, true),
      project('integration', 60_000, true),
      project('e2e', 90_000, true),
    ],
    maxWorkers: 2,
  },
})
