import type { Terms } from '../types.ts'

const known = new WeakMap<Terms, Terms>()

/** The terms of a top-up: `exact` only, and whole: who puts money in gets all of it as credit, its gas is the operator's. */
export function topUpTerms(terms: Terms): Terms {
  const made = known.get(terms) ?? { ...terms, schemes: ['exact'] as const, settlementFees: [] }
  known.set(terms, made)
  return made
}
