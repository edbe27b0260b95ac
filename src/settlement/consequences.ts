import {
  channelRefundFailed,
  channelRefundSeen,
  claimFinal,
  creditRefundFailed,
  creditRefundSeen,
  depositFinal,
  depositSeen,
  exactFinal,
  exactSeen,
  settleFinal,
  sweepFinal,
  uptoFailed,
  uptoFinal,
  uptoSeen,
} from '../ledger/entries.ts'
import type { Entry } from '../ledger/types.ts'
import type { Effect, Purpose, TransactionRow } from './types.ts'

/** What one observation of a transaction means for the ledger and for the rows it covers. */
export type Consequence = { readonly entries: readonly Entry[]; readonly effects: readonly Effect[] }

/** All three moments of a transaction's life, per purpose. */
export type Consequences = {
  /** W5: mined, and the money is where it should be. */
  readonly seen: Consequence
  /** W6: deep enough; the chain accounts move only here. */
  readonly final: Consequence
  /** Mined and reverted, or without the transfer that it promised: nothing was moved. */
  readonly failed: Consequence
}

const NOTHING: Consequence = { entries: [], effects: [] }

/** The table of what follows from a transaction, by what it was for. */
export function consequencesOf({
  transaction,
  error,
}: {
  transaction: TransactionRow
  error: string
}): Consequences {
  const { purpose, lane, id: transactionId } = transaction
  const common = { network: lane.network, asset: purpose.asset, transactionId }
  switch (purpose.kind) {
    case 'deposit':
    case 'exact':
      return fundingConsequences({ purpose, common, error })
    case 'upto':
      return uptoConsequences({ purpose, common, error })
    case 'claim': {
      const rows = purpose.rows
      const moved = rows.map(({ channelId, delta }) =>
        claimFinal({ ...common, channelId, amountAtomic: BigInt(delta) }),
      )
      const claimed = rows.map(({ channelId, totalClaimed }) => channelClaimed(channelId, totalClaimed))
      return {
        seen: { entries: [], effects: claimed },
        final: { entries: moved, effects: [] },
        failed: NOTHING,
      }
    }
    case 'settle': {
      const settled = settleFinal({ ...common, amountAtomic: BigInt(purpose.amount) })
      return { seen: NOTHING, final: { entries: [settled], effects: [] }, failed: NOTHING }
    }
    case 'channel-refund':
      return channelRefundConsequences({ purpose, common, error })
    case 'credit-refund':
      return creditRefundConsequences({ purpose, common, error })
    case 'sweep': {
      const swept = sweepFinal({ ...common, amountAtomic: BigInt(purpose.amount) })
      return { seen: NOTHING, final: { entries: [swept], effects: [] }, failed: NOTHING }
    }
  }
}

type Common = {
  readonly network: TransactionRow['lane']['network']
  readonly asset: string
  readonly transactionId: string
}
type Case<Kind extends Purpose['kind']> = {
  readonly purpose: Extract<Purpose, { kind: Kind }>
  readonly common: Common
  readonly error: string
}

const channelClaimed = (id: `0x${string}`, totalClaimed: string): Effect => ({
  kind: 'channel-claimed',
  id,
  claimedAtomic: BigInt(totalClaimed),
})

function fundingConsequences({ purpose, common, error }: Case<'deposit' | 'exact'>): Consequences {
  const { fundingId, payer, channelId } = purpose
  const event = { ...common, fundingId, amountAtomic: BigInt(purpose.amount) }
  const seen = channelId ? depositSeen({ ...event, channelId }) : exactSeen({ ...event, payer })
  const final = channelId ? depositFinal(event) : exactFinal(event)
  const funding = { kind: 'funding', id: fundingId } as const
  return {
    seen: { entries: [seen], effects: [{ ...funding, state: 'seen' }] },
    final: { entries: [final], effects: [{ ...funding, state: 'final' }] },
    failed: { entries: [], effects: [{ ...funding, state: 'failed', error }] },
  }
}

function uptoConsequences({ purpose, common, error }: Case<'upto'>): Consequences {
  const { callId, payer } = purpose
  const event = { ...common, callId, payer, amountAtomic: BigInt(purpose.amount) }
  const settlement = { kind: 'settlement', callId } as const
  return {
    seen: { entries: [uptoSeen(event)], effects: [{ ...settlement, state: 'seen' }] },
    final: { entries: [uptoFinal(event)], effects: [{ ...settlement, state: 'final' }] },
    failed: { entries: [uptoFailed(event)], effects: [{ ...settlement, state: 'failed', error }] },
  }
}

function channelRefundConsequences({ purpose, common, error }: Case<'channel-refund'>): Consequences {
  const { refundId, channelId, claimDelta, totalClaimed } = purpose
  const event = { ...common, refundId, channelId, amountAtomic: BigInt(purpose.amount) }
  const refund = { kind: 'refund', id: refundId } as const
  const claimed = claimFinal({ ...common, channelId, amountAtomic: BigInt(claimDelta) })
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
    failed: { entries: [channelRefundFailed(event)], effects: [{ ...refund, state: 'failed', error }] },
  }
}

function creditRefundConsequences({ purpose, common, error }: Case<'credit-refund'>): Consequences {
  const { refundId, payer } = purpose
  const event = { ...common, refundId, payer, amountAtomic: BigInt(purpose.amount) }
  const refund = { kind: 'refund', id: refundId } as const
  return {
    seen: { entries: [creditRefundSeen(event)], effects: [{ ...refund, state: 'seen' }] },
    final: { entries: [], effects: [{ ...refund, state: 'final' }] },
    failed: { entries: [creditRefundFailed(event)], effects: [{ ...refund, state: 'failed', error }] },
  }
}
