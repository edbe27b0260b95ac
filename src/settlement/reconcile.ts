import { ACCOUNTS, tokenLedger } from '../ledger/accounts.ts'
import { BATCH_SETTLEMENT } from '../payment/contracts.ts'
import type { Address, Hex, Network } from '../payment/types.ts'
import type { SettlementDependencies } from './dependencies.ts'

/** A difference between ledger and chain. Neutral, countable, to be closed by somebody who has looked. */
export type Finding = {
  readonly class: 'chain_only' | 'ledger_only' | 'amount'
  readonly network: Network
  readonly subject: string
  readonly ledger: string
  readonly chain: string
}

export type Reconciliation = {
  readonly differences: readonly Finding[]
  /** What was compared, so that "no differences" cannot mean "nothing looked at". */
  readonly compared: { readonly balances: number; readonly channels: number; readonly transfers: number }
  readonly atBlock: Readonly<Record<string, string>>
}

/** What reconciliation reads of the database, beside the ledger's balances. */
export type ReconcileStore = {
  readonly listChannels: (query: { network: Network }) => Promise<
    readonly {
      readonly id: Hex
      readonly balanceAtomic: bigint
      readonly chargedAtomic: bigint
      readonly claimedAtomic: bigint
    }[]
  >
  /** Every transaction of ours that was mined, with the block. */
  readonly listMined: (query: {
    network: Network
  }) => Promise<
    readonly { readonly hash: Hex; readonly kind: string; readonly asset: Address; readonly amount: string }[]
  >
  /** The block at which the ledger's opening balances were read. */
  readonly getOpeningBlock: (query: { network: Network }) => Promise<bigint | undefined>
}

type Pass = {
  readonly network: Network
  readonly store: ReconcileStore
  readonly dependencies: SettlementDependencies
}

/**
 * Joins ledger and chain, both ways: balances of our addresses to the unit, every channel's numbers, and every Transfer log to
 * or from us against our own transactions. Changes nothing.
 */
export async function reconcile({
  store,
  dependencies,
}: {
  store: ReconcileStore
  dependencies: SettlementDependencies
}): Promise<Reconciliation> {
  const parts = await Promise.all(
    dependencies.networks.map((network) => reconcileNetwork({ network, store, dependencies })),
  )
  return {
    differences: parts.flatMap(({ differences }) => differences),
    compared: {
      balances: parts.reduce((sum, { compared }) => sum + compared.balances, 0),
      channels: parts.reduce((sum, { compared }) => sum + compared.channels, 0),
      transfers: parts.reduce((sum, { compared }) => sum + compared.transfers, 0),
    },
    atBlock: Object.assign({}, ...parts.map(({ atBlock }) => atBlock)) as Record<string, string>,
  }
}

async function reconcileNetwork(pass: Pass): Promise<Reconciliation> {
  const { network, dependencies } = pass
  const head = await dependencies.chainOf(network).reader.getHead()
  const balances = await compareBalances({ ...pass, blockNumber: head.number })
  const channels = await compareChannels(pass)
  const transfers = await compareTransfers({ ...pass, toBlock: head.number })
  return {
    differences: [...balances.findings, ...channels.findings, ...transfers.findings],
    compared: { balances: balances.count, channels: channels.count, transfers: transfers.count },
    atBlock: { [network]: head.number.toString() },
  }
}

type Compared = { readonly findings: readonly Finding[]; readonly count: number }

async function compareBalances({
  network,
  dependencies,
  blockNumber,
}: Pass & { blockNumber: bigint }): Promise<Compared> {
  const { balances, policy, chainOf, payTo } = dependencies
  const { reader, sender } = chainOf(network)
  const findings: Finding[] = []
  let count = 0
  for (const asset of policy.assetsOf(network)) {
    const ledger = tokenLedger({ network, asset })
    const owners = [
      [ACCOUNTS.payTo, payTo],
      [ACCOUNTS.till, sender.lanes.till.address],
    ] as const
    for (const [account, owner] of owners) {
      const inLedger = await balances.getBalance({ ledger, account })
      const onChain = await reader.getBalance({ asset, owner, blockNumber })
      count += 1
      if (inLedger === onChain) continue
      const subject = `${account} ${asset}`
      findings.push({ class: 'amount', network, subject, ledger: `${inLedger}`, chain: `${onChain}` })
    }
  }
  return { findings, count }
}

async function compareChannels({ network, store, dependencies }: Pass): Promise<Compared> {
  const { reader } = dependencies.chainOf(network)
  const channels = await store.listChannels({ network })
  const onChain = channels.length === 0 ? [] : await reader.readChannels(channels.map(({ id }) => id))
  const findings = channels.flatMap((channel, index): Finding[] => {
    const ledger = `balance ${channel.balanceAtomic}, claimed ${channel.claimedAtomic}`
    const there = onChain[index]
    const chain = `balance ${there?.balanceAtomic ?? 0n}, claimed ${there?.totalClaimedAtomic ?? 0n}`
    return ledger === chain
      ? []
      : [{ class: 'amount', network, subject: `channel ${channel.id}`, ledger, chain }]
  })
  return { findings, count: channels.length }
}

async function compareTransfers({
  network,
  store,
  dependencies,
  toBlock,
}: Pass & { toBlock: bigint }): Promise<Compared> {
  const { reader, sender } = dependencies.chainOf(network)
  const addresses = [dependencies.payTo, sender.lanes.till.address, BATCH_SETTLEMENT]
  const fromBlock = ((await store.getOpeningBlock({ network })) ?? 0n) + 1n
  const tokens = dependencies.policy.assetsOf(network)
  const logs = fromBlock > toBlock ? [] : await reader.listTransfers({ fromBlock, toBlock, addresses })
  const ours = logs.filter(({ token }) => tokens.includes(token))
  const mined = await store.listMined({ network })
  const known = new Set(mined.map(({ hash }) => hash))
  const seen = new Set(ours.map(({ transactionHash }) => transactionHash))
  // The channel contract is everybody's: what others move in and out of it is not ours to explain, and what reaches one of
  // our channels past us shows in that channel's own numbers.
  const own = new Set<string>([dependencies.payTo, sender.lanes.till.address])
  const chainOnly = ours
    .filter(({ transactionHash, from, to }) => !known.has(transactionHash) && (own.has(from) || own.has(to)))
    .map(({ transactionHash, value }): Finding => ({
      class: 'chain_only',
      network,
      subject: `transaction ${transactionHash}`,
      ledger: '0',
      chain: value.toString(),
    }))
  const ledgerOnly = mined
    .filter(({ hash, kind }) => kind !== 'claim' && !seen.has(hash))
    .map(({ hash, amount }): Finding => ({
      class: 'ledger_only',
      network,
      subject: `transaction ${hash}`,
      ledger: amount,
      chain: '0',
    }))
  return { findings: [...chainOnly, ...ledgerOnly], count: ours.length }
}
