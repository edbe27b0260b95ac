import type { Policy } from '../../../src/governance/policies/types.ts'

/** A model whose tokens cost one micro-dollar each way, so that the figures can be read; margin on top. */
export const PRICE_PICO_USD = 1_000_000n
export const MODEL = 'vendor/model'

/** Answers of 50 to 750 tokens that take a few milliseconds. */
export const STACK = {
  endpoints: [
    { modelId: MODEL, providerId: 'alpha', inputPicoUsd: PRICE_PICO_USD, outputPicoUsd: PRICE_PICO_USD },
  ],
  answer: { firstTokenMs: 3, tokensPerSecond: 0, minTokens: 50, maxTokens: 750 },
} as const

/** What callers ask for: the worst case is many times what most answers are. */
export const CAPS = [1_000, 4_000, 16_000] as const

/** Waits while only calls under way are in the way, then takes what is left. */
export const WAIT_THEN_CLAMP: Policy['rules'] = { onExceed: ['wait', 'clamp'], waitMs: 30_000 }
/** What keys do where nobody says otherwise, with patience. */
export const WAIT: Policy['rules'] = { onExceed: ['wait'], waitMs: 30_000 }
