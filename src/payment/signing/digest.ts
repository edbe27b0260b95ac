import type { Atomic } from '../../lib/money.ts'
import {
  EIP3009_COLLECTOR,
  EXACT_PROXY,
  PERMIT2,
  PERMIT2_COLLECTOR,
  UPTO_PROXY,
} from '../tokens/contracts.ts'
import {
  addressWord,
  bytes32Word,
  digestBytes,
  hashWords,
  typedDigest,
  typeHash,
  uintWord,
  type Word,
} from './eip712.ts'
import type { Address, Asset, Hex, Network } from '../types.ts'

/** Typed data of EIP-3009; channels' own typed data is in channel-digest. */
const AUTHORIZATION_FIELDS =
  '(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)'
const TRANSFER = typeHash(`TransferWithAuthorization${AUTHORIZATION_FIELDS}`)
const RECEIVE = typeHash(`ReceiveWithAuthorization${AUTHORIZATION_FIELDS}`)

/** Typed data of Permit2's signature transfers, whose witness differs from scheme to scheme. */
const PERMISSIONS_TYPE = 'TokenPermissions(address token,uint256 amount)'
const PERMISSIONS = typeHash(PERMISSIONS_TYPE)
const EXACT_WITNESS_TYPE = 'Witness(address to,uint256 validAfter)'
const UPTO_WITNESS_TYPE = 'Witness(address to,address facilitator,uint256 validAfter)'
const DEPOSIT_WITNESS_TYPE = 'DepositWitness(bytes32 channelId)'
const EXACT_WITNESS = typeHash(EXACT_WITNESS_TYPE)
const UPTO_WITNESS = typeHash(UPTO_WITNESS_TYPE)
const DEPOSIT_WITNESS = typeHash(DEPOSIT_WITNESS_TYPE)
const PERMIT_FIELDS = 'TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline'
/** EIP-712 appends the referenced types in alphabetical order. */
const EXACT_PERMIT = typeHash(
  `PermitWitnessTransferFrom(${PERMIT_FIELDS},Witness witness)${PERMISSIONS_TYPE}${EXACT_WITNESS_TYPE}`,
)
const UPTO_PERMIT = typeHash(
  `PermitWitnessTransferFrom(${PERMIT_FIELDS},Witness witness)${PERMISSIONS_TYPE}${UPTO_WITNESS_TYPE}`,
)
const DEPOSIT_PERMIT = typeHash(
  `PermitWitnessTransferFrom(${PERMIT_FIELDS},DepositWitness witness)${DEPOSIT_WITNESS_TYPE}${PERMISSIONS_TYPE}`,
)

export type Authorization = {
  readonly from: Address
  readonly to: Address
  readonly valueAtomic: Atomic
  /** Seconds since 1970; the token demands validAfter < now < validBefore. */
  readonly validAfter: number
  readonly validBefore: number
  readonly nonce: Hex
}

function authorizationDigest({
  asset,
  authorization,
  type,
}: {
  asset: Asset
  authorization: Authorization
  type: Word
}): Uint8Array {
  if (!asset.eip712) throw new RangeError(`${asset.symbol} on ${asset.network} has no EIP-712 domain.`)
  const struct = hashWords([
    type,
    addressWord(authorization.from),
    addressWord(authorization.to),
    uintWord(authorization.valueAtomic),
    uintWord(authorization.validAfter),
    uintWord(authorization.validBefore),
    bytes32Word(authorization.nonce),
  ])
  const domain = { ...asset.eip712, network: asset.network, contract: asset.address }
  return digestBytes(typedDigest({ domain, struct }))
}

/** EIP-3009 `TransferWithAuthorization`: pays `exact`. */
export const transferAuthorizationDigest = (parameters: {
  asset: Asset
  authorization: Authorization
}): Uint8Array => authorizationDigest({ ...parameters, type: TRANSFER })

/** EIP-3009 `ReceiveWithAuthorization`: fills a channel; only the collector may submit it. */
export function depositAuthorizationDigest({
  asset,
  authorization,
}: {
  asset: Asset
  authorization: Omit<Authorization, 'to'>
}): Uint8Array {
  return authorizationDigest({
    asset,
    authorization: { ...authorization, to: EIP3009_COLLECTOR },
    type: RECEIVE,
  })
}

const TOKEN_PERMIT = typeHash(
  'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)',
)

/**
 * EIP-2612 `Permit` of a token itself, for Permit2: it allows what `approve` would allow.
 *
 * @throws RangeError where the token has no EIP-712 domain.
 */
export function tokenPermitDigest({
  asset,
  owner,
  valueAtomic,
  nonce,
  deadline,
}: {
  asset: Asset
  owner: Address
  valueAtomic: Atomic
  nonce: bigint
  /** Seconds since 1970; the last in which the token takes it. */
  deadline: number
}): Uint8Array {
  if (!asset.eip712) throw new RangeError(`${asset.symbol} on ${asset.network} has no EIP-712 domain.`)
  const struct = hashWords([
    TOKEN_PERMIT,
    addressWord(owner),
    addressWord(PERMIT2),
    uintWord(valueAtomic),
    uintWord(nonce),
    uintWord(deadline),
  ])
  const domain = { ...asset.eip712, network: asset.network, contract: asset.address }
  return digestBytes(typedDigest({ domain, struct }))
}

type Permit = {
  readonly network: Network
  readonly token: Address
  readonly amountAtomic: Atomic
  readonly nonce: bigint
  /** Seconds since 1970. */
  readonly deadline: number
}

function permitDigest({
  permit,
  spender,
  type,
  witness,
}: {
  permit: Permit
  spender: Address
  type: Word
  witness: Word
}): Uint8Array {
  const permitted = hashWords([PERMISSIONS, addressWord(permit.token), uintWord(permit.amountAtomic)])
  const struct = hashWords([
    type,
    permitted,
    addressWord(spender),
    uintWord(permit.nonce),
    uintWord(permit.deadline),
    witness,
  ])
  const domain = { name: 'Permit2', network: permit.network, contract: PERMIT2 }
  return digestBytes(typedDigest({ domain, struct }))
}

/** Permit2 for `exact`: the proxy moves the whole amount to `to`, not before `validAfter`. */
export function exactPermitDigest({
  permit,
  to,
  validAfter,
}: {
  permit: Permit
  to: Address
  validAfter: number
}): Uint8Array {
  const witness = hashWords([EXACT_WITNESS, addressWord(to), uintWord(validAfter)])
  return permitDigest({ permit, spender: EXACT_PROXY, type: EXACT_PERMIT, witness })
}

/** Permit2 for `upto`: the facilitator, and nobody else, moves up to the amount to `to`. */
export function uptoPermitDigest({
  permit,
  to,
  facilitator,
  validAfter,
}: {
  permit: Permit
  to: Address
  facilitator: Address
  validAfter: number
}): Uint8Array {
  const witness = hashWords([UPTO_WITNESS, addressWord(to), addressWord(facilitator), uintWord(validAfter)])
  return permitDigest({ permit, spender: UPTO_PROXY, type: UPTO_PERMIT, witness })
}

/** Permit2 for a deposit: the collector moves the whole amount into the channel named by the witness. */
export function depositPermitDigest({ permit, channelId }: { permit: Permit; channelId: Hex }): Uint8Array {
  const witness = hashWords([DEPOSIT_WITNESS, bytes32Word(channelId)])
  return permitDigest({ permit, spender: PERMIT2_COLLECTOR, type: DEPOSIT_PERMIT, witness })
}
