import { atomicToPicoUsd, formatUsd } from '../../lib/money.ts'
import type { Address } from '../../payment/types.ts'
import type { Refund } from '../../settlement/types.ts'
import type { HttpDependencies } from '../dependencies.ts'

/** GET /v1/credit, and the answer to a top-up. */
export async function creditOf({
  payer,
  dependencies: { call, payers },
}: {
  payer: Address
  dependencies: HttpDependencies
}) {
  const balances = await Promise.all(
    call.terms.assets.map(async (asset) => ({ asset, available: await call.getCredit({ asset, payer }) })),
  )
  const withdrawals = await payers.listWithdrawals({ payer })
  return {
    object: 'credit',
    payer,
    balances: balances.map(({ asset: { network, address, symbol, decimals }, available }) => ({
      network,
      asset: address,
      symbol,
      decimals,
      available: available.toString(),
      available_usd: formatUsd(atomicToPicoUsd({ amountAtomic: available, decimals })),
    })),
    withdrawals: withdrawals.map((refund) => withdrawalForWire({ refund, dependencies: { call } })),
  }
}

const assetOf = (
  { terms }: HttpDependencies['call'],
  { network, asset }: Pick<Refund, 'network' | 'asset'>,
) => terms.assets.find((one) => one.network === network && one.address === asset)

/** One withdrawal; amounts in atomic units of its token. */
export function withdrawalForWire({
  refund,
  dependencies: { call },
}: {
  refund: Refund
  dependencies: Pick<HttpDependencies, 'call'>
}) {
  const { id, network, asset, amountAtomic, feeAtomic = 0n, state, transactionHash, atMs } = refund
  return {
    object: 'withdrawal',
    id,
    state,
    network,
    asset,
    decimals: assetOf(call, refund)?.decimals ?? null,
    amount: amountAtomic.toString(),
    fee: feeAtomic.toString(),
    transaction: transactionHash ?? null,
    created_at: new Date(atMs).toISOString(),
  }
}
