import { LIMITS } from '../lib/limits.ts'
import {
  atomicToPicoUsd,
  maxBigint,
  minBigint,
  parseAtomic,
  picoUsdToAtomic,
  type Atomic,
} from '../lib/money.ts'
import { depositNonce } from '../payment/channel-digest.ts'
import { PERMIT2_COLLECTOR } from '../payment/contracts.ts'
import type { SignedDeposit } from './channel-store.ts'
import { randomHex, type Payment } from './context.ts'
import { SpendRefusedError } from './errors.ts'
import type { LiveChannel } from './live-channels.ts'
import { tokenDomain } from './pay-exact.ts'
import { validityOf } from './pay-transfer.ts'
import { depositData, depositPermitData } from './typed-data.ts'
import { usdToPico } from './usd.ts'

/** Where the server announces no smallest deposit: room for this many calls like the present one. */
const CALLS_PER_DEPOSIT = 5n
/** The most that is put into a channel at once where the caller has not said otherwise. */
const DEFAULT_MAX_DEPOSIT_USD = '5'
/** What must remain of a deposit's validity for it to be sent again. */
const REUSE_SECONDS = LIMITS.exactRemainingSeconds * 2

/**
 * How much to deposit: what the caller wishes (`depositUsd`), else what the server announces, else five calls; at least
 * what is missing, at most the cap ($5, or depositUsd where that is more).
 *
 * @throws SpendRefusedError `max_deposit` where what is missing exceeds the cap.
 */
export function depositAmount({
  payment: { approved, context },
  missingAtomic,
}: {
  payment: Pick<Payment, 'approved' | 'context'>
  missingAtomic: Atomic
}): Atomic {
  const { asset, offer } = approved
  const { decimals } = asset
  const inAtomic = (amount: string | number) =>
    picoUsdToAtomic({ amountPicoUsd: usdToPico(amount), decimals })
  const wishedAtomic = context.depositUsd === undefined ? undefined : inAtomic(context.depositUsd)
  const capAtomic = maxBigint(wishedAtomic ?? 0n, inAtomic(DEFAULT_MAX_DEPOSIT_USD))
  if (missingAtomic > capAtomic) {
    const limitPicoUsd = atomicToPicoUsd({ amountAtomic: capAtomic, decimals })
    const askedPicoUsd = atomicToPicoUsd({ amountAtomic: missingAtomic, decimals })
    throw new SpendRefusedError(
      'max_deposit',
      `The channel lacks ${missingAtomic} atomic units, more than one deposit may be (${capAtomic}). Raise depositUsd or send fewer calls at once. Nothing was signed.`,
      { limitPicoUsd, askedPicoUsd },
    )
  }
  const announcedAtomic = parseAtomic(offer.extra['minDeposit'])
  const targetAtomic = wishedAtomic ?? announcedAtomic ?? offer.amountAtomic * CALLS_PER_DEPOSIT
  return minBigint(maxBigint(missingAtomic, targetAtomic), capAtomic)
}

/** A deposit signed before that may still be executed: sent again, it cannot move money twice. */
export function reusableDeposit({
  channel,
  missingAtomic,
  nowMs,
}: {
  channel: LiveChannel
  missingAtomic: Atomic
  nowMs: number
}): SignedDeposit | undefined {
  const { deposit } = channel
  if (!deposit || deposit.validUntilSeconds - nowMs / 1_000 < REUSE_SECONDS) return undefined
  return BigInt(deposit.amount) >= missingAtomic ? deposit : undefined
}

/** Signs `payload.deposit`: EIP-3009 where the token has it, else Permit2. */
export function signDeposit(parameters: DepositOrder): Promise<SignedDeposit> {
  return parameters.payment.approved.asset.transfer === 'eip3009'
    ? signReceive(parameters)
    : signPermit(parameters)
}

type DepositOrder = { payment: Payment; channel: LiveChannel; amountAtomic: Atomic }

async function signReceive({ payment, channel, amountAtomic }: DepositOrder): Promise<SignedDeposit> {
  const { context } = payment
  const { validAfter, validUntil: validBefore } = validityOf(payment)
  const salt = randomHex(32)
  const nonce = depositNonce({ channelId: channel.channelId, salt })
  const signature = await context.wallet.signTypedData(
    depositData({
      domain: tokenDomain(payment),
      terms: { from: context.payer, valueAtomic: amountAtomic, validAfter, validBefore, nonce },
    }),
  )
  const erc3009Authorization = {
    validAfter: validAfter.toString(),
    validBefore: validBefore.toString(),
    salt,
    signature,
  }
  return {
    amount: amountAtomic.toString(),
    validUntilSeconds: validBefore,
    authorization: { erc3009Authorization },
  }
}

async function signPermit({ payment, channel, amountAtomic }: DepositOrder): Promise<SignedDeposit> {
  const { context, approved } = payment
  const { network, asset: token } = approved.offer
  const { validUntil: deadline } = validityOf(payment)
  const { channelId } = channel
  const nonce = BigInt(randomHex(32))
  const signature = await context.wallet.signTypedData(
    depositPermitData({ permit: { network, token, amountAtomic, nonce, deadline }, channelId }),
  )
  const permit2Authorization = {
    from: context.payer,
    permitted: { token, amount: amountAtomic.toString() },
    spender: PERMIT2_COLLECTOR,
    nonce: nonce.toString(),
    deadline: deadline.toString(),
    witness: { channelId },
    signature,
  }
  return {
    amount: amountAtomic.toString(),
    validUntilSeconds: deadline,
    authorization: { permit2Authorization },
  }
}
