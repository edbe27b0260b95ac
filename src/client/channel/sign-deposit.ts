import { LIMITS } from '../../lib/limits.ts'
import {
  atomicToPicoUsd,
  maxBigint,
  minBigint,
  parseAtomic,
  picoUsdToAtomic,
  type Atomic,
  type PicoUsd,
} from '../../lib/money.ts'
import { depositNonce } from '../../payment/signing/channel-digest.ts'
import { PERMIT2_COLLECTOR } from '../../payment/tokens/contracts.ts'
import type { SignedDeposit } from './channel-store.ts'
import type { Asset } from '../../payment/types.ts'
import { randomHex, type PayContext, type Payment } from '../context.ts'
import { overCap } from '../wire/errors.ts'
import type { LiveChannel } from './live-channel.ts'
import { tokenDomain, validityOf } from '../wire/signing-terms.ts'
import { depositData, depositPermitData } from '../wire/typed-data.ts'
import { usdToPico } from '../wire/usd.ts'

/** Where the server announces no smallest deposit: room for this many calls like the present one. */
const CALLS_PER_DEPOSIT = 5n
/** What must remain of a deposit's validity for it to be sent again. */
const REUSE_SECONDS = LIMITS.exactRemainingSeconds * 2

/** What lies in a channel beyond what was charged, or may: counted at the worst. */
function lyingAtomic(channel: LiveChannel): Atomic {
  const { balanceAtomic, settledAtomic } = channel.book.state()
  const underWayAtomic = channel.depositingAtomic + BigInt(channel.deposit?.amount ?? '0')
  return maxBigint(0n, balanceAtomic - settledAtomic) + underWayAtomic + channel.lapsedAtomic
}

/** What all channels of this wallet hold, in pico-USD. */
function inChannelsPicoUsd({ channels, policy }: PayContext): PicoUsd {
  return [...channels.loaded()].reduce((sum, channel) => {
    const { network, config } = channel
    const decimals = policy.decimalsOf({ network, asset: config.token })
    return sum + atomicToPicoUsd({ amountAtomic: lyingAtomic(channel), decimals })
  }, 0n)
}

/** The most that this deposit may be, by both caps. Throws where what is missing is more. */
function roomFor({
  context,
  asset,
  missingAtomic,
}: {
  context: PayContext
  asset: Asset
  missingAtomic: Atomic
}): Atomic {
  const { decimals } = asset
  const { maxDepositPicoUsd, maxInChannelsPicoUsd } = context.policy
  const missingPicoUsd = atomicToPicoUsd({ amountAtomic: missingAtomic, decimals })
  // Rounded down: a cap is never passed by a rounding.
  const inAtomic = (amountPicoUsd: PicoUsd) =>
    picoUsdToAtomic({ amountPicoUsd: amountPicoUsd + 1n, decimals }) - 1n
  if (missingPicoUsd > maxDepositPicoUsd) {
    throw overCap({
      rule: 'max_deposit',
      option: 'maxDepositUsd',
      what: 'The deposit that the running calls need',
      limitPicoUsd: maxDepositPicoUsd,
      askedPicoUsd: missingPicoUsd,
    })
  }
  if (maxInChannelsPicoUsd === undefined) return inAtomic(maxDepositPicoUsd)
  const lyingPicoUsd = inChannelsPicoUsd(context)
  if (lyingPicoUsd + missingPicoUsd > maxInChannelsPicoUsd) {
    throw overCap({
      rule: 'max_in_channels',
      option: 'maxInChannelsUsd',
      what: 'All channels with this deposit',
      limitPicoUsd: maxInChannelsPicoUsd,
      askedPicoUsd: lyingPicoUsd + missingPicoUsd,
    })
  }
  return inAtomic(minBigint(maxDepositPicoUsd, maxInChannelsPicoUsd - lyingPicoUsd))
}

/**
 * How much to deposit: what the caller wishes (`depositUsd`), else what the server announces, else five calls; at least
 * what is missing, at most what `maxDepositUsd` and `maxInChannelsUsd` leave.
 *
 * @throws SpendRefusedError `max_deposit`, `max_in_channels` where what is missing exceeds them.
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
  const { depositUsd } = context
  const roomAtomic = roomFor({ context, asset, missingAtomic })
  const wishedAtomic =
    depositUsd === undefined ? undefined : picoUsdToAtomic({ amountPicoUsd: usdToPico(depositUsd), decimals })
  const announcedAtomic = parseAtomic(offer.extra['minDeposit'])
  const targetAtomic = wishedAtomic ?? announcedAtomic ?? offer.amountAtomic * CALLS_PER_DEPOSIT
  return minBigint(maxBigint(missingAtomic, targetAtomic), roomAtomic)
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
