import type { Atomic } from '../../lib/money.ts'
import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import { addressWord, uintWord } from '../../payment/signing/eip712.ts'
import type { Address, Hex, Network } from '../../payment/types.ts'
import { encodeCall, type ChainClient } from '../wire/chain-client.ts'
import type { Usd } from '../wire/usd.ts'

/** Lets a paying fetch release tokens to Permit2 by itself, from the paying wallet. */
export type Approvals = {
  /** A client of the paying wallet on the token's chain; gas is its own, unless the server sponsors it. */
  readonly client: ChainClient
  /** How much is released at a time. Default: what one deposit may be, so that few approvals are needed. */
  readonly amountUsd?: Usd | undefined
}

/** What is needed to judge one allowance. */
export type AllowanceOrder = {
  readonly client: ChainClient
  readonly network: Network
  readonly token: Address
  readonly payer: Address
  /** What will be released where it is missing. */
  readonly amountAtomic: Atomic
  /** What this payment moves at most: a permit is over exactly that, since x402's proxies take no other. */
  readonly neededAtomic: Atomic
}

/** `approve(Permit2, amount)` on the token. */
export const approveCall = ({
  token,
  amountAtomic,
}: {
  token: Address
  amountAtomic: Atomic
}): { to: Address; data: Hex } => ({
  to: token,
  data: encodeCall({
    signature: 'approve(address,uint256)',
    words: [addressWord(PERMIT2), uintWord(amountAtomic)],
  }),
})
