import type { Address, Scheme } from '../../../src/payment/types.ts'

/** How a call ended for whoever sent it. */
export type Ending =
  /** The whole answer came. */
  | 'served'
  /** The server says that the payment bought a call of which nothing is charged. */
  | 'released'
  /** The server says that the call is charged; its answer never came whole. */
  | 'undelivered'
  /** Another payment would be needed, or none helps. */
  | 'refused'
  /** No word within the time that the client has. */
  | 'gave-up'

/** What a client knows of one call, kept outside of everything that is killed. */
export type CallNote = {
  /** The `user` field of the body: by it the provider knows the call. */
  readonly key: string
  readonly scheme: Scheme
  readonly asset: Address
  readonly payer: Address
  readonly ending: Ending
  readonly callId?: string
  readonly chargeAtomic?: bigint
  /** The code of a refusal. */
  readonly code?: string
  readonly endedAtMs: number
}
