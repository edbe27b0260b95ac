import { ACCOUNTS } from '../../ledger/accounts.ts'
import type { NetworkPass } from './dependencies.ts'
import type { Group } from './match-logs.ts'
import type { Block, LedgerSide } from './ports.ts'
import type { Difference } from './types.ts'

type Compared = {
  readonly differences: readonly Difference[]
  readonly count: number
  readonly notes: readonly string[]
}

/**
 * What our addresses hold after the final block, to the unit. What the logs show and the ledger does not, or not yet, is taken
 * into account: it has its own line, so that one fact is one difference. What is left over after that has no log at all.
 */
export async function compareBalances({
  network,
  dependencies,
  at,
  ledger,
  groups,
}: NetworkPass & { at: Block; ledger: LedgerSide; groups: readonly Group[] }): Promise<Compared> {
  const { historyOf, payTo, till, nowMs } = dependencies
  const ownerOf = (account: string) => (account === ACCOUNTS.payTo ? payTo : till)
  const of = ledger.balances.map(({ asset, account }) => ({ asset, owner: ownerOf(account) }))
  const onChain = await historyOf(network).getBalances({ blockNumber: at.number, of })
  if (!onChain) {
    const note = `The RPC of ${network} keeps no balances of block ${at.number}: they were not compared.`
    return { differences: [], count: 0, notes: [note] }
  }
  const differences = ledger.balances.flatMap(({ asset, account, balanceAtomic }, index): Difference[] => {
    const explained = groups
      .filter((group) => group.account === account && group.asset === asset)
      .reduce((sum, { chainAtomic, ledgerAtomic }) => sum + chainAtomic - ledgerAtomic, 0n)
    const expected = balanceAtomic + explained
    const there = onChain[index] ?? 0n
    if (expected === there) return []
    const subject = `${account} ${asset}`
    return [{ class: 'amount', network, subject, ledger: `${expected}`, chain: `${there}`, sinceMs: nowMs() }]
  })
  return { differences, count: of.length, notes: [] }
}
