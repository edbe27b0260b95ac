import { LIMITS } from '../../lib/limits.ts'
import { type Atomic, atomicToPicoUsd, formatUsd } from '../../lib/money.ts'
import type { Asset } from '../../payment/types.ts'
import { ok, type Verdict, warn } from './verdict.ts'

/** What the till holds of one token. Part of it may be owed to payers, which only the ledger knows. */
export function judgeFloat({ asset, heldAtomic }: { asset: Asset; heldAtomic: Atomic }): Verdict {
  const name = `till ${asset.symbol} ${asset.network}`
  const heldPicoUsd = atomicToPicoUsd({ amountAtomic: heldAtomic, decimals: asset.decimals })
  const float = `its float is $${formatUsd(LIMITS.tillFloatPicoUsd)}`
  if (heldPicoUsd <= 2n * LIMITS.tillFloatPicoUsd)
    return ok(name, `holds $${formatUsd(heldPicoUsd)}; ${float}`)
  return warn({
    name,
    seen: `holds $${formatUsd(heldPicoUsd)} on a hot key; ${float}.`,
    fix: 'Unless payers have as much credit (turnpike ledger balances), look why nothing sweeps it: a server has to run, and the till needs gas.',
  })
}
