import { devAccounts } from '../../../src/dev/accounts.ts'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { channelIdOf, depositNonce, voucherDigest } from '../../../src/payment/signing/channel-digest.ts'
import {
  depositAuthorizationDigest,
  depositPermitDigest,
  exactPermitDigest,
  transferAuthorizationDigest,
  uptoPermitDigest,
} from '../../../src/payment/signing/digest.ts'
import { signDigest } from '../../../src/payment/signing/signature.ts'
import type { Address, Asset, ChannelConfig, Deposit, Hex } from '../../../src/payment/types.ts'
import type { ClaimRow, DueSettlement, Funding } from '../../../src/settlement/types.ts'
import { lower, NETWORK } from './chain-world.ts'

// What payers hand in, in the words of settlement's types.

let nonces = 1_000n
const freshNonce = () => (nonces += 1n)
const freshBytes32 = (): Hex => `0x${freshNonce().toString(16).padStart(64, '0')}`

type Request = { by: DevAccount; asset: Asset; amountAtomic: bigint; expiresAt: number }

const fundingOf = ({ by, asset, amountAtomic, expiresAt }: Request) =>
  ({
    id: `funding-${freshNonce()}`,
    key: new Uint8Array(32),
    network: NETWORK,
    asset: asset.address,
    payer: lower(by.address),
    amountAtomic,
    expiresAt,
  }) as const

/** A channel of a payer: a new one each time. */
export function newChannel({ by, asset }: { by: DevAccount; asset: Asset }): {
  id: Hex
  config: ChannelConfig
} {
  const config: ChannelConfig = {
    payer: lower(by.address),
    payerAuthorizer: lower(by.address),
    receiver: lower(devAccounts.payTo),
    receiverAuthorizer: lower(devAccounts.receiverAuthorizer.address),
    token: asset.address,
    withdrawDelay: 86_400,
    salt: freshBytes32(),
  }
  return { id: channelIdOf({ config, network: NETWORK }), config }
}

export function depositFunding(request: Request & { channel: { id: Hex; config: ChannelConfig } }): Funding {
  const { by, asset, amountAtomic, expiresAt, channel } = request
  const deposit = asset.transfer === 'eip3009' ? signed3009() : signedPermit()
  return {
    ...fundingOf(request),
    kind: 'deposit',
    authorization: { kind: 'deposit', deposit },
    channel,
  }

  function signed3009(): Deposit {
    const salt = freshBytes32()
    const nonce = depositNonce({ channelId: channel.id, salt })
    const times = { validAfter: 0, validBefore: expiresAt }
    const authorization = { from: lower(by.address), valueAtomic: amountAtomic, ...times, nonce }
    const digest = depositAuthorizationDigest({ asset, authorization })
    const signature = signDigest({ digest, privateKey: by.privateKey })
    return { method: 'eip3009', amountAtomic, ...times, salt, nonce, signature }
  }

  function signedPermit(): Deposit {
    const nonce = freshNonce()
    const permit = {
      network: NETWORK,
      token: asset.address,
      amountAtomic,
      nonce,
      deadline: expiresAt,
    } as const
    const digest = depositPermitDigest({ permit, channelId: channel.id })
    const signature = signDigest({ digest, privateKey: by.privateKey })
    return { method: 'permit2', amountAtomic, nonce, deadline: expiresAt, signature }
  }
}

export function exactFunding(
  request: Request & { method: 'eip3009' | 'permit2'; to: Address; validAfter?: number },
): Funding {
  const { by, asset, amountAtomic, expiresAt, method, to, validAfter = 0 } = request
  const times = { validAfter, validBefore: expiresAt }
  const base = { ...fundingOf(request), kind: 'exact' } as const
  if (method === 'eip3009') {
    const nonce = freshBytes32()
    const authorization = { from: lower(by.address), to, valueAtomic: amountAtomic, ...times, nonce }
    const digest = transferAuthorizationDigest({ asset, authorization })
    const signature = signDigest({ digest, privateKey: by.privateKey })
    return { ...base, authorization: { kind: 'exact', method, ...times, nonce, signature } }
  }
  const nonce = freshNonce()
  const permit = { network: NETWORK, token: asset.address, amountAtomic, nonce, deadline: expiresAt } as const
  const digest = exactPermitDigest({ permit, to, validAfter })
  const signature = signDigest({ digest, privateKey: by.privateKey })
  return { ...base, authorization: { kind: 'exact', method, ...times, nonce: `${nonce}`, signature } }
}

export function uptoSettlement(
  request: Request & { permittedAtomic: bigint; facilitator: Address; validAfter?: number },
): DueSettlement {
  const { by, asset, amountAtomic, permittedAtomic, expiresAt, facilitator, validAfter = 0 } = request
  const nonce = freshNonce()
  const permit = {
    network: NETWORK,
    token: asset.address,
    amountAtomic: permittedAtomic,
    nonce,
    deadline: expiresAt,
  } as const
  const digest = uptoPermitDigest({ permit, to: lower(devAccounts.payTo), facilitator, validAfter })
  const signature = signDigest({ digest, privateKey: by.privateKey })
  return {
    callId: `call-${nonce}`,
    network: NETWORK,
    asset: asset.address,
    payer: lower(by.address),
    amountAtomic,
    authorization: {
      nonce: `${nonce}`,
      permittedAtomic: `${permittedAtomic}`,
      validAfter,
      deadline: expiresAt,
      signature,
    },
  }
}

export function claimRow(request: {
  by: DevAccount
  channel: { id: Hex; config: ChannelConfig }
  maxAtomic: bigint
  totalClaimedAtomic: bigint
}): ClaimRow {
  const { by, channel, maxAtomic, totalClaimedAtomic } = request
  const digest = voucherDigest({ channelId: channel.id, maxAtomic, network: NETWORK })
  const signature = signDigest({ digest, privateKey: by.privateKey })
  return {
    channelId: channel.id,
    config: channel.config,
    voucher: { maxAtomic, signature },
    totalClaimedAtomic,
  }
}

/** The same signature with v as 0 or 1, as some wallets write it. */
export function withLowV(signature: Hex): Hex {
  return `${signature.slice(0, 130) as Hex}${signature.endsWith('1b') ? '00' : '01'}`
}
