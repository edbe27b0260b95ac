import { digitsOfBytes } from '../lib/bytes.ts'
import { atomicToPicoUsd, formatUsd, type Atomic } from '../lib/money.ts'
import type { Address, Asset, Network, Scheme } from '../payment/types.ts'
import type { Challenge } from './wire/challenge.ts'
import type { Fetch } from './fetch.ts'
import type { CallOutcome } from './wire/call-outcome.ts'
import type { LiveChannels } from './channel/live-channels.ts'
import type { Approvals } from './spend/approve-call.ts'
import type { ReplayableRequest } from './wire/replayable-request.ts'
import type { ApprovedOffer } from './spend/judge-offers.ts'
import type { Reservation } from './spend/spend-counts.ts'
import type { SpendPolicy } from './spend/spend-policy.ts'
import type { Wallet } from './wire/wallet.ts'

/** Told to `onPaid`: a call's charge, or money that went into or came out of a channel. */
export type PaidEvent = {
  readonly kind: 'call' | 'deposit' | 'refund' | 'withdrawal'
  readonly url: string
  readonly scheme: Scheme
  readonly network: Network
  readonly asset: Address
  readonly amountAtomic: Atomic
  readonly amountUsd: string
  /** What was signed for; only of calls. */
  readonly ceilingAtomic?: Atomic
  readonly channelId?: string
  readonly callId?: string
  readonly transaction?: string
}

/** A call whose answer was lost before it could name itself. */
export type LostCall = {
  readonly url: string
  readonly bodyText: string | undefined
  readonly outcome: CallOutcome
}

/** What the parts of one paying fetch share. */
export type PayContext = {
  readonly wallet: Wallet
  readonly payer: Address
  readonly policy: SpendPolicy
  readonly channels: LiveChannels
  readonly fetch: Fetch
  readonly nowMs: () => number
  readonly depositUsd: string | number | undefined
  readonly approvals: Approvals | undefined
  readonly onPaid: (event: PaidEvent) => void
  readonly lost: LostCall[]
}

/** One call that is to be paid in one way. */
export type Payment = {
  readonly request: ReplayableRequest
  readonly challenge: Challenge
  readonly approved: ApprovedOffer
  readonly reservation: Reservation
  readonly context: PayContext
}

export const usdOf = ({ amountAtomic, asset }: { amountAtomic: Atomic; asset: Asset }) =>
  formatUsd(atomicToPicoUsd({ amountAtomic, decimals: asset.decimals }))

/** Decimal USD of an amount whose token is known by its address alone. */
export function usdOfToken({
  amountAtomic,
  network,
  token,
  context,
}: {
  amountAtomic: Atomic
  network: Network
  token: Address
  context: Pick<PayContext, 'policy'>
}): string {
  const decimals = context.policy.decimalsOf({ network, asset: token })
  return formatUsd(atomicToPicoUsd({ amountAtomic, decimals }))
}

/** Bytes nobody can guess, as 0x and hex. */
export function randomHex(length: number): `0x${string}` {
  return `0x${digitsOfBytes(crypto.getRandomValues(new Uint8Array(length)))}`
}
