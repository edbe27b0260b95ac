import { settleFinal } from '../ledger/entries.ts'
import type { Entry } from '../ledger/types.ts'
import { LIMITS } from '../lib/limits.ts'
import type { SettlementDependencies } from './dependencies.ts'
import type { TransactionRow } from './types.ts'

/**
 * Anybody may call `settle`, and the money goes to the cold address all the same. A settle of ours that found nothing is the sign
 * that somebody else was faster: what their transactions have brought is booked with it.
 *
 * @returns an entry per foreign settle in a final block; one that was booked before has the same id.
 */
export async function settledByOthers({
  transaction,
  dependencies,
}: {
  transaction: TransactionRow
  dependencies: SettlementDependencies
}): Promise<readonly Entry[]> {
  const { purpose, lane, signedAtMs } = transaction
  if (purpose.kind !== 'settle') return []
  const { reader } = dependencies.chainOf(lane.network)
  const finalBlock = await reader.getFinalBlock()
  const from = Math.floor(signedAtMs / 1_000) - LIMITS.adoptionSeconds
  const entries: Entry[] = []
  for (const settle of await reader.findSettles({ asset: purpose.asset, from })) {
    const { transactionHash, logIndex, blockNumber, amountAtomic } = settle
    if (blockNumber > finalBlock || (await dependencies.lanes.isOurs(transactionHash))) continue
    const event = { network: lane.network, asset: purpose.asset, amountAtomic }
    entries.push(settleFinal({ ...event, subject: `${transactionHash}:${logIndex}` }))
  }
  return entries
}
