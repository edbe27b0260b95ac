import {
  depositFinal,
  depositSeen,
  depositUndone,
  exactFinal,
  exactSeen,
  exactUndone,
  tokenFee,
} from '../../ledger/entries.ts'
import { ACCOUNTS, tokenLedger } from '../../ledger/accounts.ts'
import { LIMITS } from '../../lib/limits.ts'
import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Address, Network } from '../../payment/types.ts'
import type { SettlementDependencies } from '../dependencies.ts'
import { arrivalsOf } from './arrivals.ts'
import { eachRow } from '../each-row.ts'
import type { Receipt } from '../ports.ts'
import type {
  Effect,
  ForeignPayment,
  FundingRow,
  FundingState,
  SettlementCommit,
  TransactionRow,
} from '../types.ts'

type Subject = { readonly funding: FundingRow; readonly dependencies: SettlementDependencies }

const PASS = 200
/** After its expiry, how long a payment that a reorganisation has taken away may still come back in an earlier block. */
const COMES_BACK_MS = 3_600_000

/**
 * A signed payment may be submitted by anybody, and whoever does it first uses its nonce up: ours then fails, although the money
 * has arrived. So before a funding is called failed, the chain is asked whether its payer's money came by another way; it counts
 * as this payment then. One log explains one funding, and never one that a transaction of ours explains.
 *
 * @param isDoubted the log alone is not enough: its receipt is asked for, of every RPC.
 * @returns whether the funding is paid now.
 */
export const adoptPayment = ({
  funding,
  isDoubted = false,
  dependencies,
}: Subject & { isDoubted?: boolean }): Promise<boolean> =>
  adoptWith({ funding, from: funding.state, commit: { entries: [], effects: [] }, isDoubted, dependencies })

/**
 * The last commit of a funding's failed transaction, with the payment that somebody else made in its place, so that what was
 * served on it meanwhile is not called a loss first.
 *
 * @returns false where there is no such payment: then the commit is still to be made as it is.
 */
export async function commitAdopting({
  transaction: { purpose },
  commitWith,
  dependencies,
}: {
  transaction: TransactionRow
  /** The commit, given what the account has besides. */
  commitWith: (moreAtomic: bigint) => SettlementCommit
  dependencies: SettlementDependencies
}): Promise<boolean> {
  if (purpose.kind !== 'deposit' && purpose.kind !== 'exact') return false
  const funding = await dependencies.store.getFunding(purpose.fundingId)
  if (!funding) return false
  // The account has the other payment by then, so all of this one can be taken back.
  const commit = commitWith(funding.amountAtomic)
  return adoptWith({ funding, from: 'failed', commit, dependencies })
}

/** Tries each payment that the chain shows, newest first, in one commit with what else is to be written. */
async function adoptWith({
  funding,
  from,
  commit,
  isDoubted = false,
  dependencies,
}: Subject & {
  /** The state that the funding has once the commit's own effects are applied. */
  from: FundingState
  commit: SettlementCommit
  isDoubted?: boolean
}): Promise<boolean> {
  const { id, network, kind, atMs } = funding
  const { reader, sender } = dependencies.chainOf(network)
  const till = sender.lanes.till.address
  const since = Math.floor(atMs / 1_000) - LIMITS.adoptionSeconds
  for (const payment of await reader.findPayments({ funding, from: since })) {
    if (isDoubted) {
      const receipt = await reader.getReceipt(payment.transactionHash)
      if (receipt?.status !== 'success' || !arrivalIn({ funding, receipt, till })) continue
    }
    const adopted: Effect = { kind: 'funding', id, state: 'seen', from, adopted: payment }
    const { seen } = entriesOf({ funding, payment, availableAtomic: 0n })
    const isDone = await dependencies.store.commit({
      ...commit,
      entries: [seen, ...commit.entries],
      effects: [...commit.effects, adopted],
    })
    if (!isDone) continue
    dependencies.reach('adopted')
    dependencies.notice({ network, kind: 'adopted', purpose: kind })
    return true
  }
  return false
}

/** W6 of adopted payments; one that has gone for good is taken back. */
export async function confirmAdopted({
  network,
  dependencies,
}: {
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const rows = await dependencies.store.listFundings({ network, state: 'adopted', limit: PASS })
  await eachRow(rows, (funding) => confirmOne({ funding, dependencies }))
}

/**
 * A funding that was called failed can still be submitted by anybody until it expires. So once that is over it is looked for a
 * last time; then nothing more can come of it.
 */
export async function lapseFundings({
  network,
  dependencies,
}: {
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const { store } = dependencies
  await eachRow(await store.listFundings({ network, state: 'expired', limit: PASS }), async (funding) => {
    if (await adoptPayment({ funding, dependencies })) return
    const { id, error } = funding
    const lapsed: Effect = {
      kind: 'funding',
      id,
      state: 'lapsed',
      from: 'failed',
      ...(error === undefined ? {} : { error }),
    }
    await store.commit({ entries: [], effects: [lapsed] })
  })
}

async function confirmOne({ funding, dependencies }: Subject): Promise<void> {
  const { id, network, adopted } = funding
  if (!adopted) return
  const { reader, sender } = dependencies.chainOf(network)
  const finalBlock = await reader.getFinalBlock()
  const receipt = await reader.getReceipt(adopted.transactionHash)
  const isFinal = receipt !== undefined && receipt.blockNumber <= finalBlock
  if (receipt && !isFinal) return
  const arrival = receipt && arrivalIn({ funding, receipt, till: sender.lanes.till.address })
  if (arrival) {
    const { final, feeOf } = entriesOf({ funding, payment: adopted, availableAtomic: 0n })
    await dependencies.store.commit({
      entries: [final, ...feeOf(arrival.feeAtomic)],
      effects: [{ kind: 'funding', id, state: 'final', from: 'seen' }],
    })
    return
  }
  // In no block: it may come back for a while. In a final block and without the money: it does not.
  if (!receipt && dependencies.clock.nowMs() < funding.expiresAt * 1_000 + COMES_BACK_MS) return
  const account = funding.channel ? ACCOUNTS.channel(funding.channel.id) : ACCOUNTS.credit(funding.payer)
  const ledger = tokenLedger({ network, asset: funding.asset })
  const availableAtomic = await dependencies.balances.getAvailable({ ledger, account })
  const entries = [entriesOf({ funding, payment: adopted, availableAtomic }).undone]
  const failed: Effect = {
    kind: 'funding',
    id,
    state: 'failed',
    error: 'reorganized',
    from: 'seen',
    adopted: null,
  }
  // Counted once nothing of the account is on its way; until then it waits.
  await dependencies.store.commit({
    atRest: { ledger, account, availableAtomic },
    entries,
    effects: [failed],
  })
}

/** A reorganisation may have put the transaction into another block, where it moved nothing. */
function arrivalIn({
  funding: { asset, payer, amountAtomic, channel },
  receipt,
  till,
}: {
  funding: FundingRow
  receipt: Receipt
  till: Address
}): { readonly feeAtomic: bigint } | undefined {
  const transfers = receipt.transfers.filter(({ token }) => token === asset)
  if (!channel) return arrivalsOf({ transfers, payer, recipient: till, amountAtomic })[0]
  return transfers.some(({ to, value }) => to === BATCH_SETTLEMENT && value === amountAtomic)
    ? { feeAtomic: 0n }
    : undefined
}

function entriesOf({
  funding: { id, network, asset, payer, amountAtomic, channel },
  payment,
  availableAtomic,
}: {
  funding: FundingRow
  payment: ForeignPayment
  availableAtomic: bigint
}) {
  const subject = `${id}:${payment.transactionHash}:${payment.logIndex}`
  const event = { subject, network, asset, amountAtomic }
  const lost = { ...event, availableAtomic }
  const feeOf = (feeAtomic: bigint) =>
    feeAtomic > 0n ? [tokenFee({ ...event, amountAtomic: feeAtomic, account: ACCOUNTS.till })] : []
  return channel
    ? {
        feeOf,
        seen: depositSeen({ ...event, channelId: channel.id }),
        final: depositFinal(event),
        undone: depositUndone({ ...lost, channelId: channel.id }),
      }
    : {
        feeOf,
        seen: exactSeen({ ...event, payer }),
        final: exactFinal(event),
        undone: exactUndone({ ...lost, payer }),
      }
}
