import type { UsageChange } from '../../settlement/reconcile/record-usage.ts'
import type { UsageSighting } from './usage-track.ts'

type Found = Extract<UsageSighting, { kind: 'found' }>

/** What our side rests on, in words. */
const BASES: Readonly<Record<Found['basis'], (found: Found) => string>> = {
  bound: () => 'at most, by the bound of the plan',
  tokenizer: () => 'counted with o200k, the tokenizer of the model',
  ratio: ({ providerPerOwn }) =>
    `counted with o200k times ${providerPerOwn.toFixed(2)}, as this endpoint usually counts`,
}

/**
 * What was sighted, as the two sides of a finding: numbers, and who says them.
 *
 * @example // ours: '412 tokens, counted with o200k, the tokenizer of the model; calls so far: 3', providers: '824 tokens, 2.00 times as many'
 */
export function changeOf({
  subject,
  sighting,
  atMs,
}: {
  subject: string
  sighting: UsageSighting
  atMs: number
}): UsageChange {
  if (sighting.kind === 'agreed') return { ...sighting, subject }
  const { basis, calls, expectedTokens, reportedTokens } = sighting
  const times = (reportedTokens / Math.max(1, expectedTokens)).toFixed(2)
  return {
    kind: 'found',
    subject,
    atMs,
    ours: `${expectedTokens} tokens, ${BASES[basis](sighting)}; calls so far: ${calls}`,
    providers: `${reportedTokens} tokens, ${times} times as many`,
  }
}
