import type { NetworkPass } from './dependencies.ts'
import { type Group, isAlike } from './match-logs.ts'
import type { Block, LedgerSide } from './ports.ts'
import type { Difference } from './types.ts'

/** Balance and claimed total of every channel in which nothing is under way, after the final block. */
export async function compareChannels({
  network,
  dependencies,
  at,
  ledger,
  groups,
}: NetworkPass & {
  at: Block
  ledger: LedgerSide
  groups: readonly Group[]
}): Promise<{ readonly differences: readonly Difference[]; readonly count: number }> {
  const { historyOf, nowMs } = dependencies
  const moving = groups.filter((group) => !isAlike(group)).map(({ account }) => account)
  const quiet = ledger.channels.filter(
    ({ id }) => !ledger.busyChannels.has(id) && !moving.some((account) => account.endsWith(id)),
  )
  if (quiet.length === 0) return { differences: [], count: 0 }
  const channelIds = quiet.map(({ id }) => id)
  const onChain = await historyOf(network).readChannels({ channelIds, blockNumber: at.number })
  const differences = quiet.flatMap(({ id, balanceAtomic, claimedAtomic }, index): Difference[] => {
    const inLedger = `balance ${balanceAtomic}, claimed ${claimedAtomic}`
    const there = onChain[index]
    const chain = `balance ${there?.balanceAtomic ?? 0n}, claimed ${there?.totalClaimedAtomic ?? 0n}`
    if (inLedger === chain) return []
    return [{ class: 'amount', network, subject: `channel ${id}`, ledger: inLedger, chain, sinceMs: nowMs() }]
  })
  return { differences, count: quiet.length }
}
