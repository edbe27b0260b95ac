import {
  authorizationTypes,
  BATCH_SETTLEMENT_DOMAIN,
  claimBatchTypes,
  permit2WitnessTypes,
  refundTypes,
  uptoPermit2WitnessTypes,
  voucherTypes,
} from '@x402/evm'
import { encodeAbiParameters, keccak256, parseSignature, serializeSignature } from 'viem'
import type { Address, Hex } from 'viem'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import {
  BATCH_SETTLEMENT,
  DEV_CHAIN_ID,
  ERC3009_DEPOSIT_COLLECTOR,
  EXACT_PROXY,
  PERMIT2,
  PERMIT2_DEPOSIT_COLLECTOR,
  UPTO_PROXY,
  USDC,
} from '../../../src/dev/chain/addresses.ts'

// What payers and authorisers sign, by the typed data of the published package where it exports it.

const usdcDomain = { name: 'USDC', version: '2', chainId: DEV_CHAIN_ID, verifyingContract: USDC }
const permit2Domain = { name: 'Permit2', chainId: DEV_CHAIN_ID, verifyingContract: PERMIT2 }
const channelDomain = {
  ...BATCH_SETTLEMENT_DOMAIN,
  chainId: DEV_CHAIN_ID,
  verifyingContract: BATCH_SETTLEMENT,
}

export type Authorization = {
  from: Address
  to: Address
  value: bigint
  validAfter: bigint
  validBefore: bigint
  nonce: Hex
}

/** The fields in the order in which the token's functions take them. */
export const authorizationArgs = (it: Authorization) =>
  [it.from, it.to, it.value, it.validAfter, it.validBefore, it.nonce] as const

export function signAuthorization(options: {
  by: DevAccount
  kind: 'TransferWithAuthorization' | 'ReceiveWithAuthorization'
  authorization: Authorization
}): Promise<Hex> {
  const types = { [options.kind]: authorizationTypes.TransferWithAuthorization }
  return options.by.signTypedData({
    domain: usdcDomain,
    types,
    primaryType: options.kind,
    message: options.authorization,
  })
}

export const signCancelAuthorization = (options: { by: DevAccount; authorizer: Address; nonce: Hex }) =>
  options.by.signTypedData({
    domain: usdcDomain,
    types: {
      CancelAuthorization: [
        { name: 'authorizer', type: 'address' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'CancelAuthorization',
    message: { authorizer: options.authorizer, nonce: options.nonce },
  })

export type Eip2612Permit = {
  owner: Address
  spender: Address
  value: bigint
  nonce: bigint
  deadline: bigint
}

export const signEip2612 = (options: { by: DevAccount; permit: Eip2612Permit }) =>
  options.by.signTypedData({
    domain: usdcDomain,
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
    message: options.permit,
  })

/** A signature as the (v, r, s) that older functions take. */
export function splitSignature(signature: Hex): readonly [v: number, r: Hex, s: Hex] {
  const { r, s, yParity } = parseSignature(signature)
  return [27 + yParity, r, s]
}

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** The other signature of the same key over the same digest: s mirrored, v flipped. Contracts must refuse it. */
export function mirrorSignature(signature: Hex): Hex {
  const { r, s, yParity } = parseSignature(signature)
  const mirrored = `0x${(ORDER - BigInt(s)).toString(16).padStart(64, '0')}` as const
  return serializeSignature({ r, s: mirrored, yParity: yParity === 0 ? 1 : 0 })
}

export type Permit2Transfer = {
  permitted: { token: Address; amount: bigint }
  nonce: bigint
  deadline: bigint
}

export const signExact = (options: {
  by: DevAccount
  permit: Permit2Transfer
  witness: { to: Address; validAfter: bigint }
}) =>
  options.by.signTypedData({
    domain: permit2Domain,
    types: permit2WitnessTypes,
    primaryType: 'PermitWitnessTransferFrom',
    message: { ...options.permit, spender: EXACT_PROXY, witness: options.witness },
  })

export const signUpto = (options: {
  by: DevAccount
  permit: Permit2Transfer
  witness: { to: Address; facilitator: Address; validAfter: bigint }
}) =>
  options.by.signTypedData({
    domain: permit2Domain,
    types: uptoPermit2WitnessTypes,
    primaryType: 'PermitWitnessTransferFrom',
    message: { ...options.permit, spender: UPTO_PROXY, witness: options.witness },
  })

export const signVoucher = (options: { by: DevAccount; channelId: Hex; maxClaimableAmount: bigint }) =>
  options.by.signTypedData({
    domain: channelDomain,
    types: voucherTypes,
    primaryType: 'Voucher',
    message: { channelId: options.channelId, maxClaimableAmount: options.maxClaimableAmount },
  })

export type ClaimEntry = { channelId: Hex; maxClaimableAmount: bigint; totalClaimed: bigint }

export const signClaimBatch = (options: { by: DevAccount; claims: readonly ClaimEntry[] }) =>
  options.by.signTypedData({
    domain: channelDomain,
    types: claimBatchTypes,
    primaryType: 'ClaimBatch',
    message: { claims: options.claims },
  })

export const signRefund = (options: { by: DevAccount; channelId: Hex; nonce: bigint; amount: bigint }) =>
  options.by.signTypedData({
    domain: channelDomain,
    types: refundTypes,
    primaryType: 'Refund',
    message: { channelId: options.channelId, nonce: options.nonce, amount: options.amount },
  })

/** The collector data of a deposit by EIP-3009; its nonce is bound to the channel. */
export async function erc3009DepositData(options: {
  by: DevAccount
  channelId: Hex
  amount: bigint
  salt: bigint
  validBefore: bigint
}): Promise<Hex> {
  const { by, channelId, amount, salt, validBefore } = options
  const nonce = keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [channelId, salt]))
  const authorization = {
    from: by.address,
    to: ERC3009_DEPOSIT_COLLECTOR,
    value: amount,
    validAfter: 0n,
    validBefore,
    nonce,
  }
  const signature = await signAuthorization({ by, kind: 'ReceiveWithAuthorization', authorization })
  return encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }],
    [0n, validBefore, salt, signature],
  )
}

const depositTypes = {
  PermitWitnessTransferFrom: [
    { name: 'permitted', type: 'TokenPermissions' },
    { name: 'spender', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
    { name: 'witness', type: 'DepositWitness' },
  ],
  TokenPermissions: permit2WitnessTypes.TokenPermissions,
  DepositWitness: [{ name: 'channelId', type: 'bytes32' }],
} as const

/** The collector data of a deposit by Permit2; its witness names the channel. */
export async function permit2DepositData(options: {
  by: DevAccount
  channelId: Hex
  permit: Permit2Transfer
}): Promise<Hex> {
  const { by, channelId, permit } = options
  const signature = await by.signTypedData({
    domain: permit2Domain,
    types: depositTypes,
    primaryType: 'PermitWitnessTransferFrom',
    message: { ...permit, spender: PERMIT2_DEPOSIT_COLLECTOR, witness: { channelId } },
  })
  return encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }, { type: 'bytes' }],
    [permit.nonce, permit.deadline, signature, '0x'],
  )
}
