import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { parseAtomic, picoUsdToAtomic } from '../../lib/money.ts'
import { parseAddress } from '../../payment/hex.ts'
import { feeFor } from '../../payment/offers/offers.ts'
import type { SignedIn } from '../../payment/sign-in/sign-in.ts'
import type { Asset } from '../../payment/types.ts'
import type { Refund } from '../../settlement/types.ts'
import { withdrawCredit } from '../../settlement/refunds/withdraw-credit.ts'
import { WITHDRAWAL_FIELDS } from '../schemas/credit-schemas.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readObject } from '../request/read-object.ts'

/** Sends a signed-in payer's credit back to its wallet. @throws nothing_to_withdraw, invalid_field */
export async function withdraw({
  body,
  proved,
  dependencies,
}: {
  body: Buffer
  proved: SignedIn
  dependencies: HttpDependencies
}): Promise<Refund> {
  const { call, settlement } = dependencies
  const { payer, nonce } = proved
  const { asset, amountAtomic } = await readWish({ body, proved, dependencies })
  const { network, address, decimals } = asset
  const feePicoUsd = feeFor({ terms: call.terms, network, scheme: 'exact' })
  const refund = await withdrawCredit({
    // The proof is good for this one withdrawal of this payer: sent again, it is the same one.
    id: `withdrawal_${nonce}_${payer.slice(2)}`,
    network,
    asset: address,
    payer,
    feeAtomic: picoUsdToAtomic({ amountPicoUsd: feePicoUsd, decimals }),
    ...(amountAtomic === undefined ? {} : { amountAtomic }),
    dependencies: settlement,
  })
  if (refund === 'nothing') throw new TurnpikeError('nothing_to_withdraw')
  return refund
}

/** `{ network?, asset?, amount? }`: the network of the proof and its first token with credit, whole, unless said otherwise. */
async function readWish({
  body,
  proved: { payer, network: usual },
  dependencies: { call },
}: {
  body: Buffer
  proved: SignedIn
  dependencies: HttpDependencies
}): Promise<{ readonly asset: Asset; readonly amountAtomic?: bigint }> {
  const { network = usual, asset: wanted, amount } = readObject({ body, known: WITHDRAWAL_FIELDS })
  const tokens = call.terms.assets.filter((one) => one.network === network)
  if (tokens.length === 0)
    throw new TurnpikeError('invalid_field', {
      param: 'network',
      message: 'No token is taken on that network.',
    })
  const isWanted = ({ address, symbol }: Asset) =>
    wanted === undefined || wanted === symbol || parseAddress(wanted) === address
  const named = tokens.filter(isWanted)
  const amountAtomic = amount === undefined ? undefined : parseAtomic(amount)
  if (amount !== undefined && !amountAtomic)
    throw new TurnpikeError('invalid_field', {
      param: 'amount',
      message: 'amount must be atomic units of the token as a decimal string.',
    })
  for (const asset of named) {
    if ((await call.getCredit({ asset, payer })) > 0n)
      return { asset, ...(amountAtomic === undefined ? {} : { amountAtomic }) }
  }
  const [first] = named
  if (!first)
    throw new TurnpikeError('invalid_field', {
      param: 'asset',
      message: 'asset must be the address or symbol of a token that is taken on that network.',
    })
  throw new TurnpikeError('nothing_to_withdraw')
}
