import type { Prices } from '../catalog/types.ts'
import type { Usage } from '../chat/usage.ts'
import type { PicoUsd } from '../lib/money.ts'
import { addMargin } from './charge.ts'
import { costOf } from './cost.ts'

/** What somebody else would have charged for the same tokens, and how much less was charged; below 0 where it was more. */
export type Saving = { readonly chargePicoUsd: PicoUsd; readonly savedPicoUsd: PicoUsd }

/**
 * Holds a charge against what the same usage costs elsewhere, margin included on both sides and settlement fees on neither: routing does
 * not change them. The other model might have written more or fewer tokens; that is not known.
 *
 * @param paidPicoUsd the charge without its settlement fee.
 */
export function savingOf({
  usage,
  paidPicoUsd,
  prices,
  marginBps,
}: {
  usage: Usage
  paidPicoUsd: PicoUsd
  prices: Prices
  marginBps: number
}): Saving {
  const chargePicoUsd = addMargin({ costPicoUsd: costOf({ usage, prices }), marginBps })
  return { chargePicoUsd, savedPicoUsd: chargePicoUsd - paidPicoUsd }
}
