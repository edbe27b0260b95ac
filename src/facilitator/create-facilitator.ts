import { LIMITS } from '../lib/limits.ts'
import { atomicToPicoUsd, type PicoUsd } from '../lib/money.ts'
import type { Address, Asset } from '../payment/types.ts'
import { keepNewest } from './keep-newest.ts'
import type { Submitter } from './ports.ts'
import type { Order, Outcome, Supported, Verdict } from './types.ts'

export type Facilitator = {
  readonly supported: () => Supported
  /** Throws where the chain cannot be asked. */
  readonly verify: (order: Order) => Promise<Verdict>
  /** Throws where the chain cannot be asked; then nothing is known, and the same order may be sent again. */
  readonly settle: (order: Order) => Promise<Outcome>
}

/** What an operator lets others pay with its gas. */
export type FacilitatorPolicy = {
  /** Other tokens could make the gas of a transfer as dear as they like. */
  readonly assets: readonly Asset[]
  /** Less than this is not worth its gas. */
  readonly minPicoUsd: PicoUsd
  /** Who may be paid; anybody where absent. */
  readonly payTo?: readonly Address[]
}

const DUPLICATE = 'duplicate_settlement'

type Known = { readonly fingerprint: string; readonly outcome: Promise<Outcome> }

/**
 * Checks and submits payments of others: within the operator's policy, and each payment once.
 *
 * The identity of a payment is the payer's nonce, which the chain takes once. What is under way or was settled is remembered in this
 * process; after a restart the chain is asked, since it alone can say which transaction has taken a nonce.
 */
export function createFacilitator({
  submitter,
  policy,
  nowMs,
}: {
  submitter: Submitter
  policy: FacilitatorPolicy
  nowMs: () => number
}): Facilitator {
  const known = new Map<string, Known>()
  /** When a payer's transaction was last mined and reverted. */
  const reverted = new Map<Address, number>()
  const isPaused = ({ payment }: Order) =>
    nowMs() - (reverted.get(payment.from) ?? -Infinity) < LIMITS.facilitatorPauseMs
  /** Payments that were given to the submitter: what became of one of them is told whoever has paused. */
  const submitted = new Map<string, true>()
  const objection = (order: Order) =>
    objectionTo({ order, policy, supported: submitter.supported() }) ??
    (isPaused(order) && !submitted.has(order.key) ? 'payer_paused' : undefined)

  return {
    supported: submitter.supported,
    async verify(order) {
      const reason = objection(order)
      if (reason !== undefined) return { isValid: false, invalidReason: reason, payer: order.payment.from }
      return submitter.verify(order)
    },
    async settle(order) {
      const reason = objection(order)
      if (reason !== undefined) return failed({ order, reason })
      for (let earlier = known.get(order.key); earlier; earlier = known.get(order.key)) {
        const outcome = await earlier.outcome
        const isSame = earlier.fingerprint === order.fingerprint
        if (!isSame && outcome.transaction !== '') return failed({ order, reason: DUPLICATE })
        if (outcome.success) return outcome
        // Pending: of those who waited for the same answer, one asks again.
        if (known.get(order.key) === earlier) break
      }
      keepNewest({ map: submitted, key: order.key, value: true })
      const outcome = settleNow({ order, submitter })
      // Whoever waits for it sees the failure; a promise that nobody waits for must not end the process.
      outcome.catch(() => undefined)
      // What was settled long ago is found on chain.
      keepNewest({ map: known, key: order.key, value: { fingerprint: order.fingerprint, outcome } })
      try {
        const settled = await outcome
        if (isReverted(settled)) {
          submitted.delete(order.key)
          keepNewest({ map: reverted, key: order.payment.from, value: nowMs() })
        }
        // Another order's transaction is not this one's.
        const isDuplicate = !settled.success && settled.errorReason === DUPLICATE
        if (isDuplicate || (!settled.success && settled.transaction === '')) known.delete(order.key)
        return settled
      } catch (error) {
        known.delete(order.key)
        throw error
      }
    },
  }
}

async function settleNow({ order, submitter }: { order: Order; submitter: Submitter }): Promise<Outcome> {
  const outcome = await submitter.settle(order)
  if (outcome.success || outcome.errorReason === 'settlement_pending') return outcome
  // Anybody may submit what a payer has signed, and so may we have done before a restart.
  const transaction = await submitter.findSettled(order)
  if (transaction === undefined) return outcome
  const { networkName: network, payment, scheme, amountAtomic } = order
  const amount = scheme === 'upto' ? { amount: amountAtomic.toString() } : {}
  return { success: true, payer: payment.from, transaction, network, ...amount }
}

/** Why an order is not taken, as far as no chain is needed to say so. */
function objectionTo({
  order,
  policy,
  supported,
}: {
  order: Order
  policy: FacilitatorPolicy
  supported: Supported
}): string | undefined {
  const { x402Version, scheme, network, networkName, asset, payTo, payment, amountAtomic } = order
  const ours = supported.kinds.filter(
    (kind) => kind.network === networkName && kind.x402Version === x402Version,
  )
  if (ours.length === 0) return 'invalid_network'
  if (!ours.some((kind) => kind.scheme === scheme)) return 'unsupported_scheme'
  const token = policy.assets.find((one) => one.network === network && one.address === asset)
  if (!token) return 'unsupported_asset'
  if (policy.payTo && !policy.payTo.includes(payTo)) return 'recipient_not_allowed'
  if (payment.to !== payTo) return 'invalid_exact_evm_payload_recipient_mismatch'
  // It would move nothing and cost gas all the same.
  if (scheme === 'exact' && amountAtomic === 0n) return 'invalid_payment_requirements'
  // Nothing to charge of an `upto` payment is no transaction.
  const isDust = atomicToPicoUsd({ amountAtomic, decimals: token.decimals }) < policy.minPicoUsd
  if (isDust && amountAtomic > 0n) return 'amount_below_minimum'
  return undefined
}

/** Mined, and of no use: whoever makes a payment bad after it was simulated costs us gas. */
const isReverted = ({ success, errorReason = '', transaction }: Outcome) =>
  !success && transaction !== '' && errorReason !== 'settlement_pending' && errorReason !== DUPLICATE

const failed = ({ order, reason }: { order: Order; reason: string }): Outcome => ({
  success: false,
  errorReason: reason,
  payer: order.payment.from,
  transaction: '',
  network: order.networkName,
})
