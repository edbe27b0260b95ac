import { createHash, randomUUID } from 'node:crypto'
import type { Admission, Capture } from '../../src/call/types.ts'
import { NO_USAGE } from '../../src/chat/usage.ts'
import { ACCOUNTS, tokenLedger } from '../../src/ledger/accounts.ts'
import { depositSeen, exactSeen } from '../../src/ledger/entries.ts'
import type { Address, ChannelConfig, Hex } from '../../src/payment/types.ts'
import type { Storage } from '../../src/storage/open-storage.ts'

type Ledger = Pick<Storage, 'settlement'>

export const NETWORK = 'eip155:84532' as const
export const USDC: Address = '0x036cbd53842c5426634e7929541ec2318f3dcf7e'
export const LEDGER = tokenLedger({ network: NETWORK, asset: USDC })
export const NOW_MS = 1_800_000_000_000

export const sha256 = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest())
export const hex = (bytes: number, seed: string): Hex =>
  `0x${Buffer.from(sha256(seed))
    .toString('hex')
    .slice(0, bytes * 2)}`
export const payerNamed = (name: string): Address => hex(20, `payer ${name}`)
export const channelNamed = (name: string): Hex => hex(32, `channel ${name}`)

/** An admission on a payer's credit, unless `over` says otherwise. */
export function admissionOf(over: Partial<Admission> = {}): Admission {
  const callId = over.callId ?? `call_${randomUUID().replaceAll('-', '')}`
  const payer = over.payer ?? { kind: 'wallet', id: payerNamed('a') }
  const ceilingAtomic = over.ceilingAtomic ?? 1000n
  return {
    callId,
    paymentKey: sha256(callId),
    scheme: 'credit',
    network: NETWORK,
    asset: USDC,
    decimals: 6,
    payer,
    holds: [{ ledger: LEDGER, account: ACCOUNTS.credit(payer.id), amount: ceilingAtomic }],
    ceilingAtomic,
    feePicoUsd: 0n,
    requestHash: 'hash',
    requestId: 'request',
    modelId: 'vendor/model',
    endpointId: 'vendor/model@provider',
    providerId: 'provider',
    region: 'local',
    strategy: 'cost',
    priceBook: '2026-11-01',
    outputCap: 256,
    estimatedCostPicoUsd: 500_000_000n,
    streamed: true,
    atMs: NOW_MS,
    ...over,
  }
}

/** An admission on a channel. */
export function voucherAdmissionOf({
  channel,
  max,
  ceiling,
  quoteNonce = randomUUID(),
  newQuoteNonce = randomUUID(),
  hasDeposit = false,
  unclaimedLimitAtomic = 10n ** 30n,
  ...over
}: {
  channel: string
  max: bigint
  ceiling: bigint
  quoteNonce?: string
  newQuoteNonce?: string
  hasDeposit?: boolean
  unclaimedLimitAtomic?: bigint
} & Partial<Omit<Admission, 'channel'>>): Admission {
  const id = channelNamed(channel)
  const payer = payerNamed(channel)
  return admissionOf({
    scheme: 'batch-settlement',
    payer: { kind: 'wallet', id: payer },
    ceilingAtomic: ceiling,
    paymentKey: sha256(quoteNonce),
    holds: [{ ledger: LEDGER, account: ACCOUNTS.channel(id), amount: ceiling }],
    channel: {
      id,
      config: configOf(channel),
      payer,
      voucher: { maxAtomic: max, signature: hex(32, `${channel} ${max}`) },
      quoteNonce,
      newQuoteNonce,
      unclaimedLimitAtomic,
      ...(hasDeposit ? { depositAtomic: ceiling } : {}),
    },
    ...over,
  })
}

export const configOf = (channel: string): ChannelConfig => ({
  payer: payerNamed(channel),
  payerAuthorizer: payerNamed(channel),
  receiver: payerNamed('receiver'),
  receiverAuthorizer: payerNamed('authorizer'),
  token: USDC,
  withdrawDelay: 86_400,
  salt: hex(32, 'salt'),
})

export function captureOf(callId: string, over: Partial<Capture> = {}): Capture {
  const chargeAtomic = over.chargeAtomic ?? 300n
  return {
    callId,
    outcome: chargeAtomic === 0n ? 'failed' : 'completed',
    chargeAtomic,
    chargePicoUsd: chargeAtomic * 1_000_000n,
    costPicoUsd: 250_000_000n,
    usage: { ...NO_USAGE, inputUncached: 12, outputText: 34 },
    usageEstimated: false,
    endpointId: 'vendor/model@provider',
    providerId: 'provider',
    finishReason: 'stop',
    delivered: true,
    firstContentMs: 120,
    totalMs: 900,
    atMs: NOW_MS + 900,
    ...over,
  }
}

/** Gives a payer credit, as an `exact` payment would. */
export const giveCredit = (
  storage: Ledger,
  payer: string,
  amountAtomic: bigint,
  fundingId: string = randomUUID(),
) =>
  storage.settlement.commit({
    entries: [exactSeen({ network: NETWORK, asset: USDC, amountAtomic, subject: fundingId, payer })],
    effects: [],
  })

/** Serves and charges one call on a channel, under a ceiling of 100. */
export async function chargeChannel(
  storage: Pick<Storage, 'calls'>,
  channel: string,
  chargeAtomic: bigint,
): Promise<void> {
  const state = await storage.calls.getChannel({ network: NETWORK, channelId: channelNamed(channel) })
  const admission = voucherAdmissionOf({ channel, max: (state?.chargedAtomic ?? 0n) + 100n, ceiling: 100n })
  const { kind } = await storage.calls.admit(admission)
  if (kind !== 'admitted') throw new Error(`The call on ${channel} is ${kind}.`)
  await storage.calls.capture(captureOf(admission.callId, { chargeAtomic }))
}

/** Opens a channel with a confirmed deposit. */
export const openChannelWith = (
  storage: Ledger,
  channel: string,
  amountAtomic: bigint,
  subject: string = randomUUID(),
) =>
  storage.settlement.commit({
    entries: [
      depositSeen({
        network: NETWORK,
        asset: USDC,
        amountAtomic,
        subject,
        channelId: channelNamed(channel),
      }),
    ],
    effects: [
      { kind: 'channel-opened', id: channelNamed(channel), network: NETWORK, config: configOf(channel) },
    ],
  })
