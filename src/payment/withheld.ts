import type { Asset, Scheme } from './types.ts'

/** Why a token is not taken at the moment, although it is in the terms. All of these pass, and the token comes back by itself. */
export type SuspensionReason =
  | 'paused'
  | 'fee_on_transfer'
  | 'pay_to_blocked'
  | 'till_blocked'
  | 'channel_contract_blocked'
  | 'contract_changed'

/** Why an offer is not made: its token is suspended, or a contract that its scheme needs is not on its network. */
export type Withheld =
  | { readonly kind: 'suspended'; readonly reason: SuspensionReason }
  | { readonly kind: 'missing_contract' }

/** Asked for every offer and every payment; answers from memory. */
export type WithheldOf = (offer: {
  readonly scheme: Scheme
  readonly asset: Pick<Asset, 'network' | 'address'>
}) => Withheld | undefined
