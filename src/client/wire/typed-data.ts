import type { Atomic } from '../../lib/money.ts'
import {
  BATCH_SETTLEMENT,
  EIP3009_COLLECTOR,
  EXACT_PROXY,
  PERMIT2,
  PERMIT2_COLLECTOR,
  UPTO_PROXY,
} from '../../payment/tokens/contracts.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { Address, Hex, Network } from '../../payment/types.ts'
import type { TypedData } from './wallet.ts'

/** What the wallet signs. The server checks the same data by its digests (payment/signing/digest, payment/signing/channel-digest). */

/** `batch-settlement`: this channel may be claimed up to `maxAtomic` in all. */
export const voucherData = ({
  channelId,
  maxAtomic,
  network,
}: {
  channelId: Hex
  maxAtomic: Atomic
  network: Network
}): TypedData => ({
  domain: {
    name: 'x402 Batch Settlement',
    version: '1',
    chainId: chainIdOf(network),
    verifyingContract: BATCH_SETTLEMENT,
  },
  types: {
    Voucher: [
      { name: 'channelId', type: 'bytes32' },
      { name: 'maxClaimableAmount', type: 'uint128' },
    ],
  },
  primaryType: 'Voucher',
  message: { channelId, maxClaimableAmount: maxAtomic },
})

export type TokenDomain = {
  readonly network: Network
  readonly token: Address
  readonly name: string
  readonly version: string
}

export type AuthorizationTerms = {
  readonly from: Address
  readonly valueAtomic: Atomic
  readonly validAfter: number
  readonly validBefore: number
  readonly nonce: Hex
}

const AUTHORIZATION_FIELDS = [
  { name: 'from', type: 'address' },
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'validAfter', type: 'uint256' },
  { name: 'validBefore', type: 'uint256' },
  { name: 'nonce', type: 'bytes32' },
] as const

function authorizationData({
  primaryType,
  domain,
  to,
  terms,
}: {
  primaryType: string
  domain: TokenDomain
  to: Address
  terms: AuthorizationTerms
}): TypedData {
  const { network, token, name, version } = domain
  return {
    domain: { name, version, chainId: chainIdOf(network), verifyingContract: token },
    types: { [primaryType]: AUTHORIZATION_FIELDS },
    primaryType,
    message: {
      from: terms.from,
      to,
      value: terms.valueAtomic,
      validAfter: BigInt(terms.validAfter),
      validBefore: BigInt(terms.validBefore),
      nonce: terms.nonce,
    },
  }
}

/** EIP-3009 `TransferWithAuthorization`: pays `exact`. */
export const transferData = (parameters: { domain: TokenDomain; to: Address; terms: AuthorizationTerms }) =>
  authorizationData({ ...parameters, primaryType: 'TransferWithAuthorization' })

/** EIP-3009 `ReceiveWithAuthorization`: fills a channel; only the collector may submit it. */
export const depositData = (parameters: { domain: TokenDomain; terms: AuthorizationTerms }) =>
  authorizationData({
    ...parameters,
    to: EIP3009_COLLECTOR,
    primaryType: 'ReceiveWithAuthorization',
  })

/** EIP-2612 `Permit` of a token: releases an amount to a spender without a transaction of the owner. */
export const permitOfTokenData = ({
  domain: { network, token, name, version },
  owner,
  spender,
  valueAtomic,
  nonce,
  deadline,
}: {
  domain: TokenDomain
  owner: Address
  spender: Address
  valueAtomic: Atomic
  nonce: bigint
  deadline: number
}): TypedData => ({
  domain: { name, version, chainId: chainIdOf(network), verifyingContract: token },
  types: {
    Permit: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  },
  primaryType: 'Permit',
  message: { owner, spender, value: valueAtomic, nonce, deadline: BigInt(deadline) },
})

export type PermitTerms = {
  readonly network: Network
  readonly token: Address
  readonly amountAtomic: Atomic
  readonly nonce: bigint
  readonly deadline: number
}

type Witness = {
  readonly spender: Address
  readonly type: string
  readonly fields: readonly { readonly name: string; readonly type: string }[]
  readonly message: Readonly<Record<string, unknown>>
}

const permitData = ({ permit, witness }: { permit: PermitTerms; witness: Witness }): TypedData => ({
  domain: { name: 'Permit2', chainId: chainIdOf(permit.network), verifyingContract: PERMIT2 },
  types: {
    PermitWitnessTransferFrom: [
      { name: 'permitted', type: 'TokenPermissions' },
      { name: 'spender', type: 'address' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
      { name: 'witness', type: witness.type },
    ],
    TokenPermissions: [
      { name: 'token', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
    [witness.type]: witness.fields,
  },
  primaryType: 'PermitWitnessTransferFrom',
  message: {
    permitted: { token: permit.token, amount: permit.amountAtomic },
    spender: witness.spender,
    nonce: permit.nonce,
    deadline: BigInt(permit.deadline),
    witness: witness.message,
  },
})

const TO = { name: 'to', type: 'address' }
const VALID_AFTER = { name: 'validAfter', type: 'uint256' }

/** Permit2 for `exact`: the proxy moves the whole amount to `to`. */
export const exactPermitData = ({
  permit,
  to,
  validAfter,
}: {
  permit: PermitTerms
  to: Address
  validAfter: number
}) =>
  permitData({
    permit,
    witness: {
      spender: EXACT_PROXY,
      type: 'Witness',
      fields: [TO, VALID_AFTER],
      message: { to, validAfter: BigInt(validAfter) },
    },
  })

/** Permit2 for `upto`: the facilitator, and nobody else, moves up to the amount to `to`. */
export const uptoPermitData = ({
  permit,
  to,
  facilitator,
  validAfter,
}: {
  permit: PermitTerms
  to: Address
  facilitator: Address
  validAfter: number
}) =>
  permitData({
    permit,
    witness: {
      spender: UPTO_PROXY,
      type: 'Witness',
      fields: [TO, { name: 'facilitator', type: 'address' }, VALID_AFTER],
      message: { to, facilitator, validAfter: BigInt(validAfter) },
    },
  })

/** Permit2 for a deposit: the collector moves the amount into the channel that the witness names. */
export const depositPermitData = ({ permit, channelId }: { permit: PermitTerms; channelId: Hex }) =>
  permitData({
    permit,
    witness: {
      spender: PERMIT2_COLLECTOR,
      type: 'DepositWitness',
      fields: [{ name: 'channelId', type: 'bytes32' }],
      message: { channelId },
    },
  })
