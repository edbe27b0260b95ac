import { USD_MONEY } from '../../ledger/accounts.ts'
import type { Address, Network } from '../../payment/types.ts'
import type { Admission } from '../types.ts'

/** The token that pays for a call, with its chain; undefined where an organisation's balance pays, which no chain knows. */
export const paidToken = ({
  network,
  asset,
}: Pick<Admission, 'network' | 'asset'>):
  | { readonly network: Network; readonly asset: Address }
  | undefined => (network === USD_MONEY.network || asset === USD_MONEY.asset ? undefined : { network, asset })
