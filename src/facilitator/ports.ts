import type { Hex } from '../payment/types.ts'
import type { Order, Outcome, Supported, Verdict } from './types.ts'

/** Whoever checks payments against a chain and submits them with a key of its own. */
export type Submitter = {
  readonly supported: () => Supported
  /** Throws where the chain cannot be asked. */
  readonly verify: (order: Order) => Promise<Verdict>
  /** Submits, and waits for the chain. `settlement_pending` with its transaction where the wait was in vain. */
  readonly settle: (order: Order) => Promise<Outcome>
  /** The transaction in which the chain has taken this payment, whoever sent it. Throws where the chain cannot be asked. */
  readonly findSettled: (order: Order) => Promise<Hex | undefined>
}
