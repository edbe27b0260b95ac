import type { PayingFetchOptions } from '../../../../src/client/paying-fetch.ts'
import type { Terms } from '../../../../src/payment/types.ts'
import type { Behaviour } from '../fake-server/behaviour.ts'

/**
 * What a server may try: the client stops, says why by a stable code, and has signed away no more than the row allows.
 * What is signed away is the highest voucher of each channel and every transfer; deposits lie in a channel of the
 * payer's own and are counted apart.
 */
export type Lie = {
  readonly lie: string
  readonly server?: Behaviour
  /** Terms that are others than those of the honest calls. */
  readonly terms?: Partial<Terms>
  /** Stands between client and server. */
  readonly between?: (exchange: Exchange) => Promise<Response>
  readonly options?: PayingFetchOptions
  /** Calls before the one that is looked at. */
  readonly honestCalls?: number
  /** The error's `rule` or `fault`, or the status of the answer that the caller gets. */
  readonly verdict: string | number
  /** Signed away by the call that is looked at. */
  readonly most: bigint
  /** Deposits signed in all. */
  readonly deposits?: number
}

export type Exchange = {
  /** Whether the request carries a payment. */
  readonly isPaid: boolean
  readonly url: string
  /** The channel of the honest calls. */
  readonly channelId: string | undefined
  readonly answer: () => Promise<Response>
  /** The server's own 402 for the call. */
  readonly ask402: () => Promise<Response>
}
