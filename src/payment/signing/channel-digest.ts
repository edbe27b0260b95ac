import type { Atomic } from '../../lib/money.ts'
import { BATCH_SETTLEMENT } from '../tokens/contracts.ts'
import {
  addressWord,
  bytes32Word,
  digestBytes,
  hashWords,
  typedDigest,
  typeHash,
  uintWord,
  type Domain,
} from './eip712.ts'
import type { ChannelConfig, Hex, Network } from '../types.ts'

/** Typed data of x402's `batch-settlement` contract (scheme_batch_settlement_evm, version 1). */
const CHANNEL_CONFIG = typeHash(
  'ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)',
)
const VOUCHER = typeHash('Voucher(bytes32 channelId,uint128 maxClaimableAmount)')
const REFUND = typeHash('Refund(bytes32 channelId,uint256 nonce,uint128 amount)')
const CLAIM_ENTRY_TYPE = 'ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)'
const CLAIM_ENTRY = typeHash(CLAIM_ENTRY_TYPE)
const CLAIM_BATCH = typeHash(`ClaimBatch(ClaimEntry[] claims)${CLAIM_ENTRY_TYPE}`)

const domainOn = (network: Network): Domain => ({
  name: 'x402 Batch Settlement',
  version: '1',
  network,
  contract: BATCH_SETTLEMENT,
})

const KNOWN_CHANNELS = 10_000
/** Ids of the channels seen last: a payer's config is the same in every call, and its id costs two hashes. */
const channelIds = new Map<string, Hex>()

/** The id of a channel: the EIP-712 hash of its config, which therefore cannot be changed. */
export function channelIdOf({ config, network }: { config: ChannelConfig; network: Network }): Hex {
  const key = `${network} ${config.payer} ${config.payerAuthorizer} ${config.receiver} ${config.receiverAuthorizer} ${config.token} ${config.withdrawDelay} ${config.salt}`
  const known = channelIds.get(key)
  if (known) return known
  const struct = hashWords([
    CHANNEL_CONFIG,
    addressWord(config.payer),
    addressWord(config.payerAuthorizer),
    addressWord(config.receiver),
    addressWord(config.receiverAuthorizer),
    addressWord(config.token),
    uintWord(config.withdrawDelay),
    bytes32Word(config.salt),
  ])
  const channelId: Hex = `0x${typedDigest({ domain: domainOn(network), struct })}`
  if (channelIds.size >= KNOWN_CHANNELS) {
    for (const oldest of channelIds.keys()) {
      channelIds.delete(oldest)
      break
    }
  }
  channelIds.set(key, channelId)
  return channelId
}

/** What the payer (or its authorizer) signs in every call: the channel may be claimed up to this sum. */
export function voucherDigest({
  channelId,
  maxAtomic,
  network,
}: {
  channelId: Hex
  maxAtomic: Atomic
  network: Network
}): Uint8Array {
  const struct = hashWords([VOUCHER, bytes32Word(channelId), uintWord(maxAtomic)])
  return digestBytes(typedDigest({ domain: domainOn(network), struct }))
}

/** One row of a claim: the voucher's maximum, and the sum that shall have been claimed after it. */
export type ClaimEntry = {
  readonly channelId: Hex
  readonly maxAtomic: Atomic
  readonly totalClaimedAtomic: Atomic
}

/** What the receiver authorizer signs to claim several channels in one transaction; the order of rows counts. */
export function claimBatchDigest({
  claims,
  network,
}: {
  claims: readonly ClaimEntry[]
  network: Network
}): Uint8Array {
  const entries = claims.map((claim) =>
    hashWords([
      CLAIM_ENTRY,
      bytes32Word(claim.channelId),
      uintWord(claim.maxAtomic),
      uintWord(claim.totalClaimedAtomic),
    ]),
  )
  const struct = hashWords([CLAIM_BATCH, hashWords(entries)])
  return digestBytes(typedDigest({ domain: domainOn(network), struct }))
}

/** What the receiver authorizer signs to give back unclaimed money of a channel at once. */
export function refundDigest({
  channelId,
  nonce,
  amountAtomic,
  network,
}: {
  channelId: Hex
  nonce: bigint
  amountAtomic: Atomic
  network: Network
}): Uint8Array {
  const struct = hashWords([REFUND, bytes32Word(channelId), uintWord(nonce), uintWord(amountAtomic)])
  return digestBytes(typedDigest({ domain: domainOn(network), struct }))
}

/** The EIP-3009 nonce of a deposit: keccak256(abi.encode(channelId, uint256 salt)), which ties it to its channel. */
export function depositNonce({ channelId, salt }: { channelId: Hex; salt: Hex }): Hex {
  return `0x${hashWords([bytes32Word(channelId), bytes32Word(salt)])}`
}
