import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Atomic } from '../../lib/money.ts'
import {
  addressAt,
  atomicAt,
  bytes32At,
  hasField,
  malformed,
  objectAt,
  secondsAt,
  signatureAt,
  textAt,
  uint256At,
  wholeNumberAt,
  type Fields,
} from './payload-fields.ts'
import type { Address, ChannelConfig, Hex, Scheme, Voucher } from '../types.ts'

/** `payload` of `exact` over EIP-3009, the same in v1 and v2. */
export type Eip3009Payload = {
  readonly type: 'eip3009'
  readonly from: Address
  readonly to: Address
  readonly valueAtomic: Atomic
  readonly validAfter: number
  readonly validBefore: number
  readonly nonce: Hex
  readonly signature: Hex
}

/** `payload` of `upto` and of `exact` over Permit2. */
export type Permit2Payload = {
  readonly type: 'permit2'
  readonly from: Address
  readonly token: Address
  readonly amountAtomic: Atomic
  readonly spender: Address
  readonly nonce: bigint
  readonly deadline: number
  readonly to: Address
  /** Only `upto` binds the settling key. */
  readonly facilitator?: Address
  readonly validAfter: number
  readonly signature: Hex
}

export type DepositPayload = { readonly amountAtomic: Atomic; readonly signature: Hex } & (
  | {
      readonly method: 'eip3009'
      readonly validAfter: number
      readonly validBefore: number
      readonly salt: Hex
    }
  | {
      readonly method: 'permit2'
      readonly from: Address
      readonly token: Address
      readonly permittedAtomic: Atomic
      readonly spender: Address
      readonly nonce: bigint
      readonly deadline: number
      readonly channelId: Hex
    }
)

/** `payload` of `batch-settlement`, as the client sends it. */
export type ChannelPayload = {
  readonly channelId: Hex
  readonly config: ChannelConfig
  readonly voucher: Voucher
} & (
  | { readonly type: 'voucher' }
  | { readonly type: 'deposit'; readonly deposit: DepositPayload }
  | { readonly type: 'refund'; readonly amountAtomic?: Atomic }
)

export function decodeEip3009(payload: Fields): Eip3009Payload {
  const authorization = objectAt({ of: payload, name: 'authorization' })
  return {
    type: 'eip3009',
    from: addressAt({ of: authorization, name: 'from' }),
    to: addressAt({ of: authorization, name: 'to' }),
    valueAtomic: atomicAt({ of: authorization, name: 'value' }),
    validAfter: secondsAt({ of: authorization, name: 'validAfter' }),
    validBefore: secondsAt({ of: authorization, name: 'validBefore' }),
    nonce: bytes32At({ of: authorization, name: 'nonce' }),
    signature: signatureAt({ of: payload, name: 'signature' }),
  }
}

export function decodePermit2({ payload, scheme }: { payload: Fields; scheme: Scheme }): Permit2Payload {
  const authorization = objectAt({ of: payload, name: 'permit2Authorization' })
  const permitted = objectAt({ of: authorization, name: 'permitted' })
  const witness = objectAt({ of: authorization, name: 'witness' })
  return {
    type: 'permit2',
    from: addressAt({ of: authorization, name: 'from' }),
    token: addressAt({ of: permitted, name: 'token' }),
    amountAtomic: atomicAt({ of: permitted, name: 'amount' }),
    spender: addressAt({ of: authorization, name: 'spender' }),
    nonce: uint256At({ of: authorization, name: 'nonce' }),
    deadline: secondsAt({ of: authorization, name: 'deadline' }),
    to: addressAt({ of: witness, name: 'to' }),
    ...(scheme === 'upto' ? { facilitator: addressAt({ of: witness, name: 'facilitator' }) } : {}),
    validAfter: secondsAt({ of: witness, name: 'validAfter' }),
    signature: signatureAt({ of: payload, name: 'signature' }),
  }
}

function decodeConfig(payload: Fields): ChannelConfig {
  const config = objectAt({ of: payload, name: 'channelConfig' })
  return {
    payer: addressAt({ of: config, name: 'payer' }),
    payerAuthorizer: addressAt({ of: config, name: 'payerAuthorizer' }),
    receiver: addressAt({ of: config, name: 'receiver' }),
    receiverAuthorizer: addressAt({ of: config, name: 'receiverAuthorizer' }),
    token: addressAt({ of: config, name: 'token' }),
    withdrawDelay: wholeNumberAt({ of: config, name: 'withdrawDelay' }),
    salt: bytes32At({ of: config, name: 'salt' }),
  }
}

function positiveAt({ of, name }: { of: Fields; name: string }): Atomic {
  const amountAtomic = atomicAt({ of, name })
  if (amountAtomic === 0n) throw malformed({ of, name, need: 'more than zero' })
  return amountAtomic
}

function decodeDeposit(payload: Fields): DepositPayload {
  const deposit = objectAt({ of: payload, name: 'deposit' })
  const amountAtomic = positiveAt({ of: deposit, name: 'amount' })
  const authorizations = objectAt({ of: deposit, name: 'authorization' })
  if (hasField({ of: authorizations, name: 'permit2Authorization' })) {
    const permit = objectAt({ of: authorizations, name: 'permit2Authorization' })
    const permitted = objectAt({ of: permit, name: 'permitted' })
    return {
      method: 'permit2',
      amountAtomic,
      from: addressAt({ of: permit, name: 'from' }),
      token: addressAt({ of: permitted, name: 'token' }),
      permittedAtomic: atomicAt({ of: permitted, name: 'amount' }),
      spender: addressAt({ of: permit, name: 'spender' }),
      nonce: uint256At({ of: permit, name: 'nonce' }),
      deadline: secondsAt({ of: permit, name: 'deadline' }),
      channelId: bytes32At({ of: objectAt({ of: permit, name: 'witness' }), name: 'channelId' }),
      signature: signatureAt({ of: permit, name: 'signature' }),
    }
  }
  const authorization = objectAt({ of: authorizations, name: 'erc3009Authorization' })
  return {
    method: 'eip3009',
    amountAtomic,
    validAfter: secondsAt({ of: authorization, name: 'validAfter' }),
    validBefore: secondsAt({ of: authorization, name: 'validBefore' }),
    salt: bytes32At({ of: authorization, name: 'salt' }),
    signature: signatureAt({ of: authorization, name: 'signature' }),
  }
}

export function decodeChannelPayload(payload: Fields): ChannelPayload {
  const type = textAt({ of: payload, name: 'type' })
  const voucher = objectAt({ of: payload, name: 'voucher' })
  const common = {
    config: decodeConfig(payload),
    channelId: bytes32At({ of: voucher, name: 'channelId' }),
    voucher: {
      maxAtomic: atomicAt({ of: voucher, name: 'maxClaimableAmount' }),
      signature: signatureAt({ of: voucher, name: 'signature' }),
    },
  }
  if (type === 'voucher') return { ...common, type }
  if (type === 'deposit') return { ...common, type, deposit: decodeDeposit(payload) }
  if (type !== 'refund') throw new TurnpikeError('payment_unsupported', { param: 'payload.type' })
  const hasAmount = hasField({ of: payload, name: 'amount' })
  return {
    ...common,
    type,
    ...(hasAmount ? { amountAtomic: positiveAt({ of: payload, name: 'amount' }) } : {}),
  }
}
