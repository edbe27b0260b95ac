import { expect } from 'vitest'
import { catalogOf } from '../../../../src/app/options/defaults.ts'
import { shareOf } from '../../../../src/routing/quality/quality-view.ts'
import type { Quote } from './quote.ts'

type Explanation = {
  readonly strategy: object
  readonly candidates: readonly {
    readonly endpoint: string
    readonly model: string
    readonly score: number
    readonly terms: Record<
      'quality' | 'uncertainty' | 'cost' | 'latency' | 'availability' | 'stickiness',
      number
    >
    readonly inputs: Readonly<Record<string, number>>
    readonly estimate: Readonly<Record<string, number>>
  }[]
  readonly runner_up: { readonly endpoint: string; readonly margin: number } | null
  readonly considered: number
  readonly passed: number
  readonly filters: readonly { readonly code: string; readonly count: number }[]
}
export type ExplainedQuote = Quote & { readonly explanation: Explanation; readonly reason: string }

/** The terms of a score add up to it, the margin is what lies between the first two, and no endpoint is missing. */
export function expectSums(quote: ExplainedQuote): void {
  const { candidates, runner_up: next, filters, considered, passed } = quote.explanation
  expect(candidates[0]).toMatchObject({ model: quote.model, endpoint: quote.endpoint })
  for (const { score, terms, inputs, estimate } of candidates) {
    const { quality, uncertainty, cost, latency, availability, stickiness } = terms
    expect(quality + uncertainty + cost + latency + availability + stickiness).toBe(score)
    expect(inputs['quality']).toBeCloseTo(shareOf((estimate['prior'] ?? 0) + (estimate['prompt'] ?? 0)), 9)
  }
  expect(next).toEqual({
    endpoint: candidates[1]?.endpoint,
    margin: (candidates[0]?.score ?? 0) - (candidates[1]?.score ?? 0),
  })
  // Every endpoint is accounted for once: it passed, or one filter kept it out.
  const kept = filters.reduce((sum, { count }) => sum + count, 0)
  const { endpoints, models } = catalogOf({ simulated: true })
  const kinds = endpoints.filter(({ modelId }) => models.get(modelId)?.kind === 'chat')
  expect([passed + kept, considered]).toEqual([kinds.length, kinds.length])
}
