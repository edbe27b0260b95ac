import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { channelIdOf, depositNonce, voucherDigest } from '../signing/channel-digest.ts'
import { demandEqual, mismatch } from './check-offer.ts'
import { demandSignature, demandWindow, type Agreed } from './check-transfer.ts'
import { PERMIT2_COLLECTOR } from '../tokens/contracts.ts'
import { depositAuthorizationDigest, depositPermitDigest } from '../signing/digest.ts'
import { ZERO_ADDRESS } from '../hex.ts'
import type { ChannelPayload, DepositPayload } from './payload-schemes.ts'
import type { SignatureCheck } from '../signing/signature.ts'
import type { ChannelConfig, Deposit, Hex, RefundPayment, Terms, VoucherPayment } from '../types.ts'

type Context = {
  readonly agreed: Agreed
  readonly nowSeconds: number
  readonly signatures: SignatureCheck
}

function demandConfig({
  config,
  agreed,
  terms,
}: {
  config: ChannelConfig
  agreed: Agreed
  terms: Terms
}): void {
  const path = 'payload.channelConfig'
  demandEqual({ actual: config.receiver, expected: terms.payTo, param: `${path}.receiver` })
  demandEqual({
    actual: config.receiverAuthorizer,
    expected: terms.receiverAuthorizer,
    param: `${path}.receiverAuthorizer`,
  })
  demandEqual({ actual: config.token, expected: agreed.asset.address, param: `${path}.token` })
  demandEqual({
    actual: config.withdrawDelay,
    expected: terms.withdrawDelaySeconds,
    param: `${path}.withdrawDelay`,
  })
}

type Eip3009Deposit = Extract<DepositPayload, { method: 'eip3009' }>
type Permit2Deposit = Extract<DepositPayload, { method: 'permit2' }>
type DepositCheck<T> = Context & { deposit: T; config: ChannelConfig; channelId: Hex }

function checkEip3009Deposit({
  deposit,
  config,
  channelId,
  agreed,
  nowSeconds,
  signatures,
}: DepositCheck<Eip3009Deposit>): Deposit {
  const path = 'payload.deposit.authorization.erc3009Authorization'
  const { amountAtomic, validAfter, validBefore, salt, signature } = deposit
  if (agreed.asset.transfer !== 'eip3009') throw mismatch(path)
  demandWindow({
    fromSeconds: validAfter + 1,
    untilSeconds: validBefore,
    remainingSeconds: LIMITS.exactRemainingSeconds,
    nowSeconds,
    paths: { from: `${path}.validAfter`, until: `${path}.validBefore` },
  })
  const nonce = depositNonce({ channelId, salt })
  const digest = depositAuthorizationDigest({
    asset: agreed.asset,
    authorization: { from: config.payer, valueAtomic: amountAtomic, validAfter, validBefore, nonce },
  })
  demandSignature({ signatures, digest, signature, signer: config.payer, param: `${path}.signature` })
  return { method: 'eip3009', amountAtomic, validAfter, validBefore, salt, nonce, signature }
}

function checkPermit2Deposit({
  deposit,
  config,
  channelId,
  agreed,
  nowSeconds,
  signatures,
}: DepositCheck<Permit2Deposit>): Deposit {
  const path = 'payload.deposit.authorization.permit2Authorization'
  const { amountAtomic, nonce, deadline, signature } = deposit
  if (agreed.asset.transfer !== 'permit2') throw mismatch(path)
  demandWindow({
    fromSeconds: 0,
    untilSeconds: deadline + 1,
    remainingSeconds: LIMITS.exactRemainingSeconds,
    nowSeconds,
    paths: { from: `${path}.deadline`, until: `${path}.deadline` },
  })
  const token = agreed.asset.address
  demandEqual({ actual: deposit.from, expected: config.payer, param: `${path}.from` })
  demandEqual({ actual: deposit.token, expected: token, param: `${path}.permitted.token` })
  demandEqual({
    actual: deposit.permittedAtomic,
    expected: amountAtomic,
    param: `${path}.permitted.amount`,
  })
  demandEqual({ actual: deposit.spender, expected: PERMIT2_COLLECTOR, param: `${path}.spender` })
  demandEqual({ actual: deposit.channelId, expected: channelId, param: `${path}.witness.channelId` })
  const digest = depositPermitDigest({
    permit: { network: agreed.network, token, amountAtomic, nonce, deadline },
    channelId,
  })
  demandSignature({ signatures, digest, signature, signer: config.payer, param: `${path}.signature` })
  return { method: 'permit2', amountAtomic, nonce, deadline, signature }
}

/** The key that signs vouchers: the payer's delegate where the channel names one, else the payer itself. */
const voucherSigner = (config: ChannelConfig) =>
  config.payerAuthorizer === ZERO_ADDRESS ? config.payer : config.payerAuthorizer

/**
 * Without a named key the contract asks the payer's code, if it has any by then: a wallet that takes on code after it was served
 * (EIP-7702) could disown its vouchers, and the claim would fail. Such a channel can still be refunded.
 */
function demandAuthorizer({ type, config }: ChannelPayload): void {
  if (type === 'refund' || config.payerAuthorizer !== ZERO_ADDRESS) return
  throw new TurnpikeError('payment_unsupported', {
    param: 'payload.channelConfig.payerAuthorizer',
    next: 'Name the key that signs the vouchers in payerAuthorizer; the address of the payer itself will do.',
  })
}

/**
 * `batch-settlement`: the channel is one with us, on our terms, and its voucher is signed. A deposit is checked as if
 * it were to be executed; whether it is needed, and whether the voucher covers the call, payment/channel decides.
 */
export function checkChannelPayload({
  payload,
  terms,
  ...context
}: Context & { payload: ChannelPayload; terms: Terms }): VoucherPayment | RefundPayment {
  const { agreed, signatures } = context
  const { config, channelId, voucher } = payload
  demandConfig({ config, agreed, terms })
  demandAuthorizer(payload)
  demandEqual({
    actual: channelId,
    expected: channelIdOf({ config, network: agreed.network }),
    param: 'payload.voucher.channelId',
  })
  const deposit = payload.type === 'deposit' ? depositOf({ payload, context }) : undefined
  const digest = voucherDigest({ channelId, maxAtomic: voucher.maxAtomic, network: agreed.network })
  demandSignature({
    signatures,
    digest,
    signature: voucher.signature,
    signer: voucherSigner(config),
    param: 'payload.voucher.signature',
  })
  const common = { scheme: 'batch-settlement', payer: config.payer, channelId, config, voucher } as const
  if (payload.type !== 'refund') {
    return { ...agreed, ...common, kind: 'voucher', ...(deposit ? { deposit } : {}) }
  }
  const { ceilingAtomic: _ceiling, feePicoUsd: _fee, ...rest } = agreed
  const { amountAtomic } = payload
  return { ...rest, ...common, kind: 'refund', ...(amountAtomic === undefined ? {} : { amountAtomic }) }
}

function depositOf({
  payload,
  context,
}: {
  payload: Extract<ChannelPayload, { type: 'deposit' }>
  context: Context
}): Deposit {
  const { deposit, config, channelId } = payload
  return deposit.method === 'eip3009'
    ? checkEip3009Deposit({ ...context, deposit, config, channelId })
    : checkPermit2Deposit({ ...context, deposit, config, channelId })
}
