import type { NetworkPass } from './dependencies.ts'
import type { Block, LaneGas } from './ports.ts'
import type { Checkpoint, Difference } from './types.ts'

type Compared = {
  readonly differences: readonly Difference[]
  readonly unbookedWei: Checkpoint['unbookedWei']
}

/**
 * What the signing keys have left for gas. The ledger knows what they spent and not what they were given: that is remembered, may
 * grow by a top-up at any time, and shrinks only when a key pays for something that is not in the books.
 */
export async function compareGas({
  network,
  dependencies,
  at,
  lanes,
  known,
}: NetworkPass & {
  at: Block
  lanes: readonly LaneGas[]
  known: Checkpoint['unbookedWei']
}): Promise<Compared> {
  const { historyOf, nowMs } = dependencies
  const differences: Difference[] = []
  const unbookedWei: Record<string, string> = { ...known }
  for (const { role, address, firstNonce, minedCount, spentWei } of lanes) {
    const { balanceWei, nonce } = await historyOf(network).getAccount({ address, blockNumber: at.number })
    // Something is mined and not booked yet: the sums mean nothing now.
    if (nonce - firstNonce !== minedCount) continue
    const given = balanceWei + spentWei
    const before = BigInt(known[address] ?? given)
    if (given >= before) unbookedWei[address] = given.toString()
    else {
      const subject = `gas of the ${role} ${address}`
      differences.push({
        class: 'amount',
        network,
        subject,
        ledger: `${before} wei given`,
        chain: `${given} wei left and spent by us`,
        sinceMs: nowMs(),
      })
    }
  }
  return { differences, unbookedWei }
}
