import {
  channelRefundFailed,
  channelRefundSeen,
  channelRefundUndone,
  claimFinal,
  type CreditRefund,
  creditRefundFailed,
  creditRefundSeen,
  creditRefundUndone,
  depositFinal,
  depositSeen,
  depositUndone,
  exactFinal,
  exactSeen,
  exactUndone,
  settleFinal,
  sweepFinal,
  uptoFinal,
  uptoSeen,
  uptoUndone,
  withdrawalFeeFailed,
  withdrawalFeeSeen,
  withdrawalFeeUndone,
} from '../../ledger/entries.ts'
import type { Entry } from '../../ledger/types.ts'
import type { Effect, Purpose, TransactionRow } from '../types.ts'

/** What one observation of a transaction means for the ledger and for the rows it covers. */
export type Consequence = { readonly entries: readonly Entry[]; readonly effects: readonly Effect[] }

/** All moments of a transaction's life, per purpose. */
export type Consequences = {
  /** W5: mined, and the money is where it should be. */
  readonly seen: Consequence
  /** W6: deep enough; the chain accounts move only here. */
  readonly final: Consequence
  /** Mined without doing what it was for; a reorganisation may still change that, so nothing is given up yet. */
  readonly reverted: Consequence
  /** The same, for good. Where it was seen in between, what was booked then is taken back. */
  readonly failed: Consequence
  /** A reorganisation took it out of its block: its rows are on their way again. The ledger waits for what comes. */
  readonly walkedBack: Consequence
}

const NOTHING: Consequence = { entries: [], effects: [] }

/** The table of what follows from a transaction, by what it was for. */
export function consequencesOf({
  transaction,
  error,
  availableAtomic,
}: {
  transaction: TransactionRow
  error: string
  /** What a funding's account could give back, should the funding turn out to be gone. */
  availableAtomic: bigint
}): Consequences {
  const { purpose, lane, id: transactionId, wasSeen } = transaction
  const common = { network: lane.network, asset: purpose.asset, transactionId }
  switch (purpose.kind) {
    case 'deposit':
    case 'exact':
      return fundingConsequences({ purpose, common, error, wasSeen, availableAtomic })
    case 'upto':
      return uptoConsequences({ purpose, common, error, wasSeen })
    case 'claim':
      return claimConsequences({ purpose, common, error, wasSeen })
    case 'settle':
      return onlyFinal(
        settleFinal({ ...common, subject: transactionId, amountAtomic: BigInt(purpose.amount) }),
      )
    case 'channel-refund':
      return channelRefundConsequences({ purpose, common, error, wasSeen })
    case 'credit-refund':
      return creditRefundConsequences({ purpose, common, error, wasSeen })
    case 'sweep':
      return onlyFinal(sweepFinal({ ...common, amountAtomic: BigInt(purpose.amount) }))
    case 'approval':
    case 'gas-gift':
      // No token of ours moves; what it cost is booked as gas.
      return { ...QUIET, final: NOTHING }
  }
}

type Case<Kind extends Purpose['kind']> = {
  readonly purpose: Extract<Purpose, { kind: Kind }>
  readonly common: {
    readonly network: TransactionRow['lane']['network']
    readonly asset: string
    readonly transactionId: string
  }
  readonly error: string
  readonly wasSeen: boolean
}

/** What most moments of a transaction without rows of its own mean. */
const QUIET = { seen: NOTHING, reverted: NOTHING, failed: NOTHING, walkedBack: NOTHING } as const

const onlyFinal = (entry: Entry): Consequences => ({ ...QUIET, final: { entries: [entry], effects: [] } })

function fundingConsequences({
  purpose,
  common,
  error,
  wasSeen,
  availableAtomic,
}: Case<'deposit' | 'exact'> & { availableAtomic: bigint }): Consequences {
  const { fundingId, payer, channelId } = purpose
  const event = { ...common, subject: fundingId, amountAtomic: BigInt(purpose.amount) }
  const seen = channelId ? depositSeen({ ...event, channelId }) : exactSeen({ ...event, payer })
  const final = channelId ? depositFinal(event) : exactFinal(event)
  const lost = { ...event, availableAtomic }
  const undone = channelId ? depositUndone({ ...lost, channelId }) : exactUndone({ ...lost, payer })
  const funding = { kind: 'funding', id: fundingId } as const
  const failed: Effect = { ...funding, state: 'failed', error }
  return {
    seen: { entries: [seen], effects: [{ ...funding, state: 'seen' }] },
    final: { entries: [final], effects: [{ ...funding, state: 'final' }] },
    // Its caller waits, and nothing was booked: it may be told at once.
    reverted: { entries: [], effects: wasSeen ? [] : [failed] },
    failed: { entries: wasSeen ? [undone] : [], effects: [failed] },
    walkedBack: { entries: [], effects: [{ ...funding, state: 'signed' }] },
  }
}

function uptoConsequences({ purpose, common, error, wasSeen }: Case<'upto'>): Consequences {
  const { callId, payer } = purpose
  const event = { ...common, callId, payer, amountAtomic: BigInt(purpose.amount) }
  const settlement = { kind: 'settlement', callId } as const
  return {
    seen: { entries: [uptoSeen(event)], effects: [{ ...settlement, state: 'seen' }] },
    final: { entries: [uptoFinal(event)], effects: [{ ...settlement, state: 'final' }] },
    reverted: NOTHING,
    // The authorisation is unused: it is tried again until it expires, and written off only then (settlement/collect).
    failed: {
      entries: wasSeen ? [uptoUndone(event)] : [],
      effects: [{ ...settlement, state: 'due', error }],
    },
    walkedBack: { entries: [], effects: [{ ...settlement, state: 'signed' }] },
  }
}

const channelClaimed = (id: `0x${string}`, totalClaimed: string): Effect => ({
  kind: 'channel-claimed',
  id,
  claimedAtomic: BigInt(totalClaimed),
})

const channelUnclaimed = (id: `0x${string}`, delta: string): Effect => ({
  kind: 'channel-unclaimed',
  id,
  deltaAtomic: BigInt(delta),
})

function claimConsequences({ purpose: { rows }, common, wasSeen }: Case<'claim'>): Consequences {
  return {
    ...QUIET,
    seen: {
      entries: [],
      effects: rows.map(({ channelId, totalClaimed }) => channelClaimed(channelId, totalClaimed)),
    },
    final: {
      entries: rows.map(({ channelId, delta }) =>
        claimFinal({ ...common, subject: common.transactionId, channelId, amountAtomic: BigInt(delta) }),
      ),
      effects: [],
    },
    failed: {
      entries: [],
      effects: wasSeen ? rows.map(({ channelId, delta }) => channelUnclaimed(channelId, delta)) : [],
    },
  }
}

function channelRefundConsequences({
  purpose,
  common,
  error,
  wasSeen,
}: Case<'channel-refund'>): Consequences {
  const { refundId, channelId, claimDelta, totalClaimed } = purpose
  const event = { ...common, refundId, channelId, amountAtomic: BigInt(purpose.amount) }
  const refund = { kind: 'refund', id: refundId } as const
  const subject = common.transactionId
  const claimed = claimFinal({ ...common, subject, channelId, amountAtomic: BigInt(claimDelta) })
  const failed: Effect = { ...refund, state: 'failed', error }
  return {
    seen: {
      entries: [channelRefundSeen(event)],
      effects: [
        { ...refund, state: 'seen' },
        channelClaimed(channelId, totalClaimed),
        { kind: 'channel-refunded', id: channelId, refundNonce: BigInt(purpose.refundNonce) + 1n },
      ],
    },
    final: {
      entries: BigInt(claimDelta) > 0n ? [claimed] : [],
      effects: [{ ...refund, state: 'final' }],
    },
    reverted: NOTHING,
    failed: wasSeen
      ? { entries: [channelRefundUndone(event)], effects: [failed, channelUnclaimed(channelId, claimDelta)] }
      : { entries: [channelRefundFailed(event)], effects: [failed] },
    walkedBack: { entries: [], effects: [{ ...refund, state: 'signed' }] },
  }
}

/** Somebody else has submitted our refund of a channel: ours failed, and the payer has its money all the same. */
export function refundMadeByOthers({
  transaction: { id: transactionId, lane, purpose, wasSeen },
  foreignHash,
}: {
  transaction: TransactionRow
  foreignHash: `0x${string}`
}): Consequence {
  if (purpose.kind !== 'channel-refund') return NOTHING
  const { asset, refundId, channelId } = purpose
  const event = { network: lane.network, asset, transactionId, refundId, channelId }
  const nonce = BigInt(purpose.refundNonce) + 1n
  return {
    entries: wasSeen ? [] : [channelRefundSeen({ ...event, amountAtomic: BigInt(purpose.amount) })],
    effects: [
      { kind: 'refund', id: refundId, state: 'final', foreignHash },
      { kind: 'channel-refunded', id: channelId, refundNonce: nonce },
    ],
  }
}

function creditRefundConsequences({ purpose, common, error, wasSeen }: Case<'credit-refund'>): Consequences {
  const { refundId, payer } = purpose
  const event = { ...common, refundId, payer, amountAtomic: BigInt(purpose.amount) }
  const feeAtomic = BigInt(purpose.fee ?? '0')
  const feeEntry = (entry: (event: CreditRefund) => Entry) =>
    feeAtomic > 0n ? [entry({ ...event, amountAtomic: feeAtomic })] : []
  const refund = { kind: 'refund', id: refundId } as const
  return {
    seen: {
      entries: [creditRefundSeen(event), ...feeEntry(withdrawalFeeSeen)],
      effects: [{ ...refund, state: 'seen' }],
    },
    final: { entries: [], effects: [{ ...refund, state: 'final' }] },
    reverted: NOTHING,
    failed: {
      entries: wasSeen
        ? [creditRefundUndone(event), ...feeEntry(withdrawalFeeUndone)]
        : [creditRefundFailed(event), ...feeEntry(withdrawalFeeFailed)],
      effects: [{ ...refund, state: 'failed', error }],
    },
    walkedBack: { entries: [], effects: [{ ...refund, state: 'signed' }] },
  }
}
