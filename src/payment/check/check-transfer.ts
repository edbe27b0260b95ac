import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Atomic, PicoUsd } from '../../lib/money.ts'
import { demandEqual, mismatch } from './check-offer.ts'
import { EXACT_PROXY, UPTO_PROXY } from '../tokens/contracts.ts'
import { exactPermitDigest, transferAuthorizationDigest, uptoPermitDigest } from '../signing/digest.ts'
import type { Eip3009Payload, Permit2Payload } from './payload-schemes.ts'
import type { SignatureCheck } from '../signing/signature.ts'
import type {
  Address,
  Asset,
  ExactPayment,
  Hex,
  Network,
  Offer,
  Quote,
  Scheme,
  Terms,
  UptoPayment,
} from '../types.ts'

/** What has been found equal before a payload is looked into. */
export type Agreed = {
  readonly x402Version: 1 | 2
  readonly network: Network
  readonly asset: Asset
  readonly offer: Offer
  readonly ceilingAtomic: Atomic
  readonly feePicoUsd: PicoUsd
  readonly quote?: Quote
}

/**
 * Demands that an authorisation is valid now and will be for a while.
 *
 * @param fromSeconds first second in which the chain takes it; `untilSeconds` the first in which it does not.
 */
export function demandWindow({
  fromSeconds,
  untilSeconds,
  remainingSeconds,
  nowSeconds,
  paths,
}: {
  fromSeconds: number
  untilSeconds: number
  remainingSeconds: number
  nowSeconds: number
  paths: { readonly from: string; readonly until: string }
}): void {
  if (fromSeconds > nowSeconds) throw new TurnpikeError('payment_not_yet_valid', { param: paths.from })
  if (untilSeconds <= nowSeconds) throw new TurnpikeError('payment_expired', { param: paths.until })
  if (untilSeconds - nowSeconds < remainingSeconds) {
    throw new TurnpikeError('payment_validity_too_short', { param: paths.until })
  }
}

export function demandSignature({
  signatures,
  digest,
  signature,
  signer,
  param,
}: {
  signatures: SignatureCheck
  digest: Uint8Array
  signature: Hex
  signer: Address
  param: string
}): void {
  const verdict = signatures.verify({ digest, signature, signer })
  if (verdict === 'malleable') throw new TurnpikeError('signature_malleable', { param })
  if (verdict === 'invalid') throw new TurnpikeError('signature_invalid', { param })
}

/** `exact` by EIP-3009: exactly the offered amount, to the till. */
export function checkEip3009({
  payload,
  agreed,
  recipient,
  nowSeconds,
  signatures,
}: {
  payload: Eip3009Payload
  agreed: Agreed
  recipient: Address
  nowSeconds: number
  signatures: SignatureCheck
}): ExactPayment {
  const path = 'payload.authorization'
  const { asset, ceilingAtomic } = agreed
  if (asset.transfer !== 'eip3009') throw mismatch(path)
  demandWindow({
    // The token demands validAfter < now < validBefore.
    fromSeconds: payload.validAfter + 1,
    untilSeconds: payload.validBefore,
    remainingSeconds: LIMITS.exactRemainingSeconds,
    nowSeconds,
    paths: { from: `${path}.validAfter`, until: `${path}.validBefore` },
  })
  demandEqual({ actual: payload.to, expected: recipient, param: `${path}.to` })
  demandEqual({ actual: payload.valueAtomic, expected: ceilingAtomic, param: `${path}.value` })
  const digest = transferAuthorizationDigest({ asset, authorization: payload })
  const { from: payer, signature } = payload
  demandSignature({ signatures, digest, signature, signer: payer, param: 'payload.signature' })
  return {
    ...agreed,
    kind: 'exact',
    scheme: 'exact',
    method: 'eip3009',
    payer,
    valueAtomic: payload.valueAtomic,
    validAfter: payload.validAfter,
    validBefore: payload.validBefore,
    nonce: payload.nonce,
    signature,
  }
}

const PERMIT = 'payload.permit2Authorization'

function permitDigestOf({ payload, network }: { payload: Permit2Payload; network: Network }): Uint8Array {
  const { token, amountAtomic, nonce, deadline, to, facilitator, validAfter } = payload
  const permit = { network, token, amountAtomic, nonce, deadline }
  return facilitator === undefined
    ? exactPermitDigest({ permit, to, validAfter })
    : uptoPermitDigest({ permit, to, facilitator, validAfter })
}

/** `upto`, and `exact` by Permit2: exactly the offered amount of that token, through that scheme's proxy. */
export function checkPermit2({
  payload,
  scheme,
  agreed,
  terms,
  nowSeconds,
  signatures,
}: {
  payload: Permit2Payload
  scheme: Scheme
  agreed: Agreed
  terms: Terms
  nowSeconds: number
  signatures: SignatureCheck
}): UptoPayment | ExactPayment {
  const { asset, network, ceilingAtomic } = agreed
  const isUpto = scheme === 'upto'
  if (!isUpto && asset.transfer !== 'permit2') throw mismatch(PERMIT)
  demandWindow({
    fromSeconds: payload.validAfter,
    // Permit2 takes the deadline's own second as well.
    untilSeconds: payload.deadline + 1,
    remainingSeconds: isUpto ? LIMITS.uptoRemainingSeconds : LIMITS.exactRemainingSeconds,
    nowSeconds,
    paths: { from: `${PERMIT}.witness.validAfter`, until: `${PERMIT}.deadline` },
  })
  demandEqual({ actual: payload.token, expected: asset.address, param: `${PERMIT}.permitted.token` })
  demandEqual({ actual: payload.amountAtomic, expected: ceilingAtomic, param: `${PERMIT}.permitted.amount` })
  demandEqual({
    actual: payload.spender,
    expected: isUpto ? UPTO_PROXY : EXACT_PROXY,
    param: `${PERMIT}.spender`,
  })
  demandEqual({
    actual: payload.to,
    expected: isUpto ? terms.payTo : terms.till,
    param: `${PERMIT}.witness.to`,
  })
  demandEqual({
    actual: payload.facilitator,
    expected: isUpto ? terms.signer : undefined,
    param: `${PERMIT}.witness.facilitator`,
  })
  const digest = permitDigestOf({ payload, network })
  const { from: payer, signature, nonce, validAfter, deadline } = payload
  demandSignature({ signatures, digest, signature, signer: payer, param: 'payload.signature' })
  const common = { ...agreed, payer, nonce, validAfter, signature }
  return isUpto
    ? { ...common, kind: 'upto', scheme: 'upto', permittedAtomic: payload.amountAtomic, deadline }
    : {
        ...common,
        kind: 'exact',
        scheme: 'exact',
        method: 'permit2',
        valueAtomic: payload.amountAtomic,
        validBefore: deadline,
      }
}
