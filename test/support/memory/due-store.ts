import { paidToken } from '../../../src/call/admit/paid-token.ts'
import { createHash } from 'node:crypto'
import { ACCOUNTS, tokenLedger } from '../../../src/ledger/accounts.ts'
import type { Address, Hex, Network } from '../../../src/payment/types.ts'
import type { DueStore } from '../../../src/settlement/ports.ts'
import { refundHolds } from '../../../src/settlement/refunds/refund-holds.ts'
import type { ClaimableChannel, Refund } from '../../../src/settlement/types.ts'
import { accountKey, availableIn, channelStateOf } from './balances.ts'
import { listClaimedFunds } from './claimed-funds.ts'
import { OPEN_STATES } from './open-states.ts'
import { isBeingClaimed } from './claims.ts'
import { appendEntries } from './entries.ts'
import { atomically, type BalanceRow, type ChannelRow, type Tables } from './tables.ts'

const NO_VOUCHER = { maxAtomic: 0n, signature: '0x' } as const
const md5 = (text: string) => createHash('md5').update(text).digest('hex')

function claimableOf(tables: Tables, channel: ChannelRow, row: BalanceRow): ClaimableChannel {
  const { chargedAtomic, heldAtomic, claimedAtomic, highest, withdrawRequestedAt } = channelStateOf(row)
  let total = 0n
  for (const claim of tables.claims.values()) {
    if (claim.channelId !== channel.id || claim.totalClaimed <= total) continue
    const state = tables.transactions.get(claim.transactionId)?.state
    if (state !== undefined && OPEN_STATES.has(state)) total = claim.totalClaimed
  }
  return {
    id: channel.id,
    network: channel.network,
    config: channel.config,
    chargedAtomic,
    heldAtomic,
    claimedAtomic,
    claimingAtomic: total > claimedAtomic ? total - claimedAtomic : 0n,
    highest: highest ?? NO_VOUCHER,
    oldestUnclaimedAtMs: row.unclaimedSinceMs ?? row.movedAtMs,
    withdrawRequestedAt,
  }
}

type Waiting = { readonly row: BalanceRow; readonly claimable: ClaimableChannel }

function byWaiting(a: Waiting, b: Waiting): number {
  const [aMs, bMs] = [a.row.unclaimedSinceMs ?? Infinity, b.row.unclaimedSinceMs ?? Infinity]
  if (aMs !== bMs) return aMs - bMs
  return a.claimable.id < b.claimable.id ? -1 : 1
}

/** Parts of the credit that came in blocks that a reorganisation may take away. */
const unfinalParts = ({ tables, network, row }: { tables: Tables; network: Network; row: BalanceRow }) =>
  [...tables.fundings.values()].filter((funding) => {
    if (funding.kind !== 'exact' || funding.network !== network) return false
    if (tokenLedger(funding) !== row.ledger || ACCOUNTS.credit(funding.payer) !== row.account) return false
    const wasSeen = tables.transactions.get(funding.transactionId ?? '')?.wasSeen === true
    return funding.state === 'seen' || (funding.state === 'signed' && wasSeen)
  })

type RefundRequest = Parameters<DueStore['holdRefund']>[0]

/** What may leave the account now; 'busy' while calls or another refund are under way on a channel. */
function freeIn(tables: Tables, row: BalanceRow, request: RefundRequest): bigint | 'busy' {
  if (request.kind === 'credit') {
    const unfinal = unfinalParts({ tables, network: request.network, row })
    const available = row.creditsPosted - row.debitsPosted - row.debitsPending
    return unfinal.reduce((left, { amountAtomic }) => left - amountAtomic, available)
  }
  const { balanceAtomic, chargedAtomic, heldAtomic } = channelStateOf(row)
  return heldAtomic > 0n || row.refundsPending > 0n ? 'busy' : balanceAtomic - chargedAtomic
}

function holdRefund(tables: Tables, request: RefundRequest): Awaited<ReturnType<DueStore['holdRefund']>> {
  const { id, kind, network, asset, payer, channelId, atMs } = request
  const account = kind === 'credit' ? ACCOUNTS.credit(payer) : ACCOUNTS.channel(channelId ?? '')
  const row = tables.balances.get(accountKey(tokenLedger(request), account))
  if (!row) return { kind: 'nothing' }
  const existing = tables.refunds.get(id)
  if (existing) return { kind: 'held', refund: existing }
  const free = freeIn(tables, row, request)
  if (free === 'busy') return { kind: 'busy' }
  const most = free - (request.feeAtomic ?? 0n)
  const amountAtomic = request.amountAtomic ?? most
  if (amountAtomic <= 0n || amountAtomic > most) return { kind: 'nothing' }
  const channel = channelId === undefined ? {} : { channelId }
  const fee = request.feeAtomic === undefined ? {} : { feeAtomic: request.feeAtomic }
  const money = { ...channel, amountAtomic, ...fee }
  const refund: Refund = { id, kind, network, asset, payer, ...money, atMs, state: 'held' }
  tables.journal.put(tables.refunds, id, refund)
  appendEntries(tables, refundHolds({ request, amountAtomic }), atMs)
  return { kind: 'held', refund }
}

/** The payer has put money in to keep it there. */
const isToppedUp = ({ tables, network, row }: { tables: Tables; network: Network; row: BalanceRow }) =>
  [...tables.fundings.values()].some(
    (funding) =>
      funding.isTopUp === true &&
      funding.state !== 'failed' &&
      funding.state !== 'reserved' &&
      funding.state !== 'lapsed' &&
      funding.network === network &&
      tokenLedger(funding) === row.ledger &&
      ACCOUNTS.credit(funding.payer) === row.account,
  )

/** What is due, in memory. */
export function openMemoryDueStore({ tables }: { tables: Tables }): DueStore {
  const claimables = (network: Network) =>
    [...tables.channels.values()]
      .filter((channel) => channel.network === network)
      .flatMap((channel) => {
        const row = tables.balances.get(channel.key)
        return row ? [{ row, claimable: claimableOf(tables, channel, row) }] : []
      })
  const withHash = ({ foreignHash, ...refund }: Refund & { readonly foreignHash?: Hex }): Refund => {
    const hash = foreignHash ?? tables.transactions.get(refund.transactionId ?? '')?.hash
    return hash === undefined ? refund : { ...refund, transactionHash: hash }
  }
  return {
    listDueSettlements: async ({ network, limit, order = '' }) => {
      const due = [...tables.settlements.values()].filter(
        (row) => row.state === 'due' && row.network === network,
      )
      if (due.length > 1) due.sort((a, b) => (md5(a.callId + order) < md5(b.callId + order) ? -1 : 1))
      return due.slice(0, limit).flatMap(({ callId }) => {
        const admission = tables.admissions.get(callId)
        const capture = tables.captures.get(callId)
        const asset = admission && paidToken(admission)?.asset
        if (!admission?.authorization || !capture || !asset) return []
        const { authorization, payer } = admission
        const amountAtomic = capture.chargeAtomic
        return [{ callId, network, asset, payer: payer.id as Address, amountAtomic, authorization }]
      })
    },
    listClaimableChannels: async ({ network, limit }) =>
      claimables(network)
        .filter(({ row, claimable }) => {
          const isOpen =
            claimable.chargedAtomic > claimable.claimedAtomic && row.voucherSignature !== undefined
          return isOpen && !isBeingClaimed(tables, claimable.id)
        })
        .sort(byWaiting)
        .slice(0, limit)
        .map(({ claimable }) => claimable),
    getChannelForClaim: async ({ network, channelId }) =>
      claimables(network).find(({ claimable }) => claimable.id === channelId)?.claimable,
    listClaimedFunds: async ({ network }) => listClaimedFunds(tables, network),
    listIdleCredit: async ({ network, limit }) =>
      [...tables.balances.values()]
        .filter(
          (row) => row.kind === 'credit' && row.ledger.startsWith(`${network}/`) && availableIn(row, 0n) > 0n,
        )
        .filter(
          (row) =>
            unfinalParts({ tables, network, row }).length === 0 && !isToppedUp({ tables, network, row }),
        )
        .sort((a, b) => Number(availableIn(b, 0n) - availableIn(a, 0n)))
        .slice(0, limit)
        .map((row) => ({
          network,
          asset: row.ledger.slice(network.length + 1) as Address,
          payer: row.account.split(':')[1] as Address,
          availableAtomic: availableIn(row, 0n),
          lastMovedAtMs: row.movedAtMs,
        })),
    holdRefund: async (request) => atomically(tables, () => holdRefund(tables, request)),
    listRefunds: async ({ network, states, limit }) =>
      [...tables.refunds.values()]
        .filter((row) => row.network === network && states.includes(row.state))
        .sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(withHash),
  }
}
