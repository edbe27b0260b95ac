import type { PricedEndpoint } from '../../catalog/blended-price.ts'
import { maxBigint } from '../../lib/money.ts'
import { marginOf } from '../../pricing/margin.ts'
import { type Saving, savingOf } from '../../pricing/savings.ts'
import type { FinishedCall } from '../types.ts'

export type SavingAgainst = Saving & { readonly model: string }

/** Both savings of a call: the first flatters the router, the second is its own merit (docs/ROUTING.md). */
export type Savings = {
  /** Against the model that was named or told as the baseline, else the dearest that was allowed. */
  readonly baseline: SavingAgainst
  /** Against the cheapest single model that is as good without looking at the request. */
  readonly fixed: SavingAgainst
}

/**
 * What routing has saved a call, by the tokens that were used.
 *
 * @returns undefined where nothing was charged, or no choice is known.
 */
export function savingsOf({
  call: { capture, decision, admission },
  marginBps,
}: {
  call: Pick<FinishedCall, 'capture' | 'decision' | 'admission'>
  marginBps: number
}): Savings | undefined {
  if (!decision || capture.chargePicoUsd === 0n) return undefined
  const { usage } = capture
  const paidPicoUsd = maxBigint(0n, capture.chargePicoUsd - admission.feePicoUsd)
  const against = (endpoint: PricedEndpoint): SavingAgainst => ({
    model: endpoint.modelId,
    ...savingOf({
      usage,
      paidPicoUsd,
      prices: endpoint.prices,
      marginBps: marginOf({ endpoint, marginBps }),
    }),
  })
  return { baseline: against(decision.baselines.baseline), fixed: against(decision.baselines.fixed) }
}
