import { randomUUID } from 'node:crypto'
import type { Effect, Funding, Lane, Purpose } from '../../src/settlement/types.ts'
import { BASE_SEPOLIA_USDC } from '../../src/payment/tokens/assets.ts'
import type { ExactPayment, Offer } from '../../src/payment/types.ts'
import type { Storage } from '../../src/storage/open-storage.ts'
import { channelNamed, configOf, hex, NETWORK, NOW_MS, payerNamed, sha256, USDC } from './calls.ts'

export const SIGNER: Lane = { network: NETWORK, role: 'signer', address: hex(20, 'signer') }
export const TILL: Lane = { network: NETWORK, role: 'till', address: hex(20, 'till') }

/** A deposit into a channel, by Permit2: the authorisation with bigints in it. */
export function depositFunding(channel: string, over: Partial<Funding> = {}): Funding {
  const id = over.id ?? randomUUID()
  return {
    id,
    key: sha256(`funding ${id}`),
    kind: 'deposit',
    network: NETWORK,
    asset: USDC,
    payer: payerNamed(channel),
    amountAtomic: 5000n,
    expiresAt: 1_900_000_000,
    authorization: {
      kind: 'deposit',
      deposit: {
        method: 'permit2',
        amountAtomic: 5000n,
        signature: '0x02',
        nonce: 2n ** 200n,
        deadline: 1_900_000_000,
      },
    },
    channel: { id: channelNamed(channel), config: configOf(channel) },
    ...over,
  }
}

/** An `exact` payment of 500 units, as its check leaves it. */
export const exactPayment = (name: string): ExactPayment => ({
  kind: 'exact',
  scheme: 'exact',
  method: 'eip3009',
  x402Version: 2,
  network: NETWORK,
  asset: BASE_SEPOLIA_USDC,
  payer: payerNamed(name),
  offer: {} as Offer,
  ceilingAtomic: 500n,
  feePicoUsd: 0n,
  valueAtomic: 500n,
  validAfter: 0,
  validBefore: 1_900_000_000,
  nonce: hex(32, `nonce ${name}`),
  signature: '0x01',
})

/** Signs as a key would: bytes that depend on lane and nonce alone. */
export const sign = (lane: Lane, id: string) => (nonce: number) =>
  Promise.resolve({
    raw: hex(32, `raw ${lane.address} ${nonce} ${id}`),
    hash: hex(32, `hash ${lane.address} ${nonce} ${id}`),
  })

export const appendTransaction = (
  storage: Pick<Storage, 'settlement'>,
  {
    id,
    purpose,
    effects,
    lane = SIGNER,
  }: { id: string; purpose: Purpose; effects: readonly Effect[]; lane?: Lane },
) =>
  storage.settlement.appendTransaction({
    id,
    lane,
    firstNonce: 41,
    purpose,
    effects,
    atMs: NOW_MS,
    maxCostWei: 21_000n,
    sign: sign(lane, id),
  })
