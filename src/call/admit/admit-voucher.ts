import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { picoUsdToAtomic } from '../../lib/money.ts'
import type { ChannelState, Hex, VoucherPayment } from '../../payment/types.ts'
import { admissionOf } from './admission.ts'
import {
  type AdmitRequest,
  type AdmitResult,
  admittedAs,
  fundOrPending,
  insufficientFunds,
  settlementPending,
} from './admit-request.ts'
import { alreadyPaid } from './already-paid.ts'
import { admitWithin, type Within } from './admit-within.ts'
import { fitBudgets } from '../budgets/fit-budgets.ts'
import { withAllowance } from './sponsor-allowance.ts'
import type { Admission, AdmitOutcome, ChannelHold, PlannedCall } from '../types.ts'

/** How long a call waits behind others for its turn on one channel. */
const PATIENCE_MS = 30_000

/** A turn that another server ends wakes nobody here, and a deposit's turn is long: so whoever waits looks again by itself. */
const LOOK_AGAIN_MS = 1_000

/** In which a claim is signed and mined, on most networks. */
const CLAIM_MS = 5_000

/**
 * Admits a channel call: zero RPC while the balance suffices. A deposit is executed only where it is needed, inside the
 * channel's turn and without a lock; then the call is admitted like any other.
 */
export async function admitVoucher(request: AdmitRequest<VoucherPayment>): Promise<AdmitResult> {
  const { payment, dependencies } = request
  const { clock, turns } = dependencies
  const { feePicoUsd } = payment
  const deadlineMs = clock.nowMs() + PATIENCE_MS
  let fundingTransaction: Hex | undefined
  let { planned } = request

  for (;;) {
    const channel = channelHoldOf({ request, isFunded: fundingTransaction !== undefined })
    const admissionFor = (form: PlannedCall): Admission => ({
      ...admissionOf({ planned: form, payment, atMs: clock.nowMs() }),
      channel,
    })
    const within = await admitWithin({ planned, feePicoUsd, admissionFor, dependencies }).catch(
      (cause: unknown) => {
        if (fundingTransaction === undefined || cause instanceof TurnpikeError) throw cause
        throw settlementPending({ transaction: fundingTransaction, cause })
      },
    )
    const { outcome } = within
    if (outcome.kind === 'wait') {
      const nowMs = clock.nowMs()
      const durationMs = Math.max(1, Math.min(outcome.untilMs - nowMs, deadlineMs - nowMs, LOOK_AGAIN_MS))
      const mayWait = nowMs < deadlineMs && (await turns.wait({ channelId: payment.channelId, durationMs }))
      if (!mayWait) throw new TurnpikeError('channel_crowded', { retryAfterMs: 1_000 })
      continue
    }
    if (outcome.kind === 'deposit' && fundingTransaction === undefined) {
      // Nobody pays for what a budget refuses.
      planned = await fitBudgets({ planned, feePicoUsd, dependencies })
      fundingTransaction = await executeDeposit(request)
      continue
    }
    turns.wake(payment.channelId)
    return conclude({ within: { ...within, outcome }, request, fundingTransaction })
  }
}

async function conclude({
  within: { outcome, planned, admission },
  request: { payment, dependencies },
  fundingTransaction,
}: {
  within: Within & {
    readonly outcome: Exclude<AdmitOutcome, { kind: 'wait' | 'over_budget' | 'opened_otherwise' }>
  }
  request: AdmitRequest<VoucherPayment>
  fundingTransaction: Hex | undefined
}): Promise<AdmitResult> {
  switch (outcome.kind) {
    case 'admitted': {
      const channel = outcome.channel ?? (await channelOfDeposit({ payment, dependencies }))
      const known = channel ? { channel } : {}
      const funded = fundingTransaction === undefined ? {} : { fundingTransaction }
      return { kind: 'admitted', call: admittedAs({ planned, admission, payment, ...known, ...funded }) }
    }
    case 'corrective': {
      const { channelId, network, asset } = payment
      return {
        kind: 'corrective',
        corrective: { channelId, network, token: asset.address, state: outcome.channel },
      }
    }
    case 'duplicate':
      throw alreadyPaid({ call: outcome.call, payment, planned })
    case 'refused':
      throw insufficientFunds(outcome.availableAtomic)
    case 'deposit':
      // It was funded and still does not suffice: the chain gave less than was signed.
      throw new TurnpikeError('deposit_failed')
    case 'withdrawing':
      throw new TurnpikeError('channel_withdrawing')
    case 'unknown_channel':
      throw new TurnpikeError('channel_unknown')
    case 'unclaimed':
      // So much is due for its claim by any threshold; whoever has just deposited must not be told to do it again.
      dependencies.wake()
      if (fundingTransaction !== undefined) throw settlementPending({ transaction: fundingTransaction })
      throw new TurnpikeError('claim_pending', { retryAfterMs: CLAIM_MS })
    case 'deposits_only':
      throw new TurnpikeError('internal_error')
  }
}

/** The first headers of an answer to a deposit tell the channel's state; other calls have no need of it before their end. */
async function channelOfDeposit({
  payment,
  dependencies,
}: Pick<AdmitRequest<VoucherPayment>, 'payment' | 'dependencies'>): Promise<ChannelState | undefined> {
  if (!payment.deposit) return undefined
  const { network, channelId } = payment
  return dependencies.store.getChannel({ network, channelId })
}

/** Brings the deposit on chain; the turn that was taken for it is given back where that fails. */
async function executeDeposit({ payment, dependencies }: AdmitRequest<VoucherPayment>): Promise<Hex> {
  const { store, turns } = dependencies
  const giveBack = async () => {
    await store.endTurn({
      network: payment.network,
      channelId: payment.channelId,
      quoteNonce: quoteNonceOf(payment),
    })
    turns.wake(payment.channelId)
  }
  const bring = async () =>
    fundOrPending({ payment: await withAllowance({ payment, dependencies }), dependencies })
  const outcome = await bring().catch(async (error: unknown) => {
    // A turn that cannot be given back ends by its time.
    await giveBack().catch(() => undefined)
    throw error
  })
  if (outcome.kind === 'funded') {
    dependencies.reach('funded')
    return outcome.transaction
  }
  if (outcome.kind === 'failed') {
    await giveBack()
    throw new TurnpikeError('deposit_failed', { extra: { reason: outcome.reason } })
  }
  throw settlementPending(outcome)
}

function channelHoldOf({
  request: { payment, freshQuoteNonce },
  isFunded,
}: {
  request: AdmitRequest<VoucherPayment>
  isFunded: boolean
}): ChannelHold {
  return {
    id: payment.channelId,
    config: payment.config,
    payer: payment.payer,
    voucher: payment.voucher,
    quoteNonce: quoteNonceOf(payment),
    newQuoteNonce: freshQuoteNonce,
    unclaimedLimitAtomic: picoUsdToAtomic({
      amountPicoUsd: LIMITS.unclaimedPicoUsd,
      decimals: payment.asset.decimals,
    }),
    ...(payment.deposit && !isFunded ? { depositAtomic: payment.deposit.amountAtomic } : {}),
  }
}

const quoteNonceOf = (payment: VoucherPayment) => payment.quote?.nonce ?? ''
