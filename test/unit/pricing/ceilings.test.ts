import { expect, test } from 'vitest'
import { CORPUS, figuresOf, measureCeilings, quantile } from '../../bench/ceilings.ts'

test('the corpus has a dozen requests and more of each dialect, all with a cap', () => {
  for (const [path, cases] of CORPUS) {
    expect(cases.length, path).toBeGreaterThanOrEqual(12)
    for (const { name, body } of cases)
      expect(
        Object.keys(body).some((field) => /^max_(?:output_|completion_)?tokens$/.test(field)),
        `${path}: ${name}`,
      ).toBe(true)
  }
})

test.each(['one', 'all'] as const)(
  'with %s of the sellers of a model the ceiling is near the charge, and no input is above its bound',
  async (hosts) => {
    const rows = await measureCeilings({ hosts })
    const figures = figuresOf(rows)
    expect(figures.map(({ path }) => path)).toEqual([...CORPUS.keys()])
    for (const { path, calls, p50, p95, unbounded } of figures) {
      expect(calls, path).toBeGreaterThan(140)
      expect(unbounded, path).toEqual([])
      expect(p50, path).toBeLessThanOrEqual(2)
      expect(p95, path).toBeLessThanOrEqual(5)
    }
    expect(rows.every(({ ratio, ratioAt60 }) => ratio >= 1 && ratioAt60 >= ratio)).toBe(true)
  },
)

test('a quantile is a value of the list', () => {
  expect([quantile([3, 1, 2, 4], 0.5), quantile([3, 1, 2, 4], 0.95), quantile([7], 0.5)]).toEqual([2, 4, 7])
})
