import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Address } from '../../payment/types.ts'
import { arrivalsOf } from '../../settlement/confirm/arrivals.ts'
import type { ForeignPayment, Funding } from '../../settlement/types.ts'
import type { Rpc } from '../rpc.ts'
import { AUTHORIZATION_USED } from './authorizations.ts'
import { DEPOSITED_TOPIC, readDeposited, readSettled, SETTLED_TOPIC } from './channel-logs.ts'
import { placeOf, scanBack } from './scan-back.ts'
import { addressTopic, readTransfer, TRANSFER_TOPIC } from './transfer-logs.ts'

const METHOD = 'eth_getLogs'

type Query = {
  rpc: Rpc
  funding: Funding
  till: Address
  from: number
  blocksPerRequest?: bigint
}

/**
 * Looks for payments of exactly a funding's amount from its payer to where it belongs: deposits into its channel, or transfers to
 * the till. Newest first. Where the token tells which nonce it has used (EIP-3009), only those that have used the funding's own: a payer may
 * pay the same amount more than once. Permit2 writes no such log.
 *
 * @param query.from the oldest moment that matters, in seconds since 1970.
 * @throws RpcError
 */
export async function findPayments(query: Query): Promise<readonly ForeignPayment[]> {
  const nonce = tokenNonceOf(query.funding)
  if (nonce === undefined) return findAlike(query)
  const { asset, payer } = query.funding
  const topics = [AUTHORIZATION_USED, addressTopic(payer), nonce]
  const uses = await scanBack({ ...query, filter: { address: asset, topics } })
  const own = new Set(uses.map((log) => placeOf(log).transactionHash))
  return own.size === 0
    ? []
    : (await findAlike(query)).filter(({ transactionHash }) => own.has(transactionHash))
}

/** The nonce that the token itself burns for a funding. */
function tokenNonceOf({ authorization }: Funding): string | undefined {
  const signed = authorization.kind === 'deposit' ? authorization.deposit : authorization
  return signed.method === 'eip3009' ? signed.nonce : undefined
}

/** All of this amount between the same two. */
async function findAlike(query: Query): Promise<readonly ForeignPayment[]> {
  const { funding, till } = query
  const { channel, asset, payer, amountAtomic } = funding
  if (channel) {
    const topics = [DEPOSITED_TOPIC, channel.id]
    const logs = await scanBack({ ...query, filter: { address: BATCH_SETTLEMENT, topics } })
    return logs
      .filter((log) => readDeposited({ log, method: METHOD }) === amountAtomic)
      .map(placeOf)
      .toSorted(newestFirst)
  }
  return findTransfers({ ...query, asset, payer, recipient: till, amountAtomic })
}

/**
 * Transfers of exactly one amount from a payer to a recipient, a token's fee included. Newest first.
 *
 * @param query.from the oldest moment that matters, in seconds since 1970.
 * @throws RpcError
 */
export async function findTransfers(query: {
  rpc: Rpc
  asset: Address
  payer: Address
  recipient: Address
  amountAtomic: bigint
  from: number
  blocksPerRequest?: bigint
}): Promise<readonly ForeignPayment[]> {
  const { asset, payer, recipient, amountAtomic } = query
  // All that the payer sent: a token's fee is a transfer to somebody else.
  const topics = [TRANSFER_TOPIC, addressTopic(payer)]
  const tokens = new Set([asset])
  const logs = await scanBack({ ...query, filter: { address: asset, topics } })
  const sent = logs.flatMap((log) => {
    const transfer = readTransfer({ log, tokens, method: METHOD })
    return transfer ? [{ ...transfer, place: placeOf(log) }] : []
  })
  return [...Map.groupBy(sent, ({ place }) => place.transactionHash).values()]
    .flatMap((transfers) => {
      const arrivals = arrivalsOf({ transfers, payer, recipient, amountAtomic })
      return transfers.filter((one) => arrivals.some(({ logIndex }) => logIndex === one.logIndex))
    })
    .map(({ place }) => place)
    .toSorted(newestFirst)
}

/**
 * What the channel contract has paid out to a receiver in one token, by whoever called `settle`. Newest first.
 *
 * @throws RpcError
 */
export async function findSettles(query: {
  rpc: Rpc
  receiver: Address
  asset: Address
  from: number
}): Promise<readonly (ForeignPayment & { readonly amountAtomic: bigint })[]> {
  const { receiver, asset } = query
  const topics = [SETTLED_TOPIC, addressTopic(receiver), addressTopic(asset)]
  const logs = await scanBack({ ...query, filter: { address: BATCH_SETTLEMENT, topics } })
  return logs
    .flatMap((log) => {
      const amountAtomic = readSettled({ log, method: METHOD })
      return amountAtomic === undefined ? [] : [{ ...placeOf(log), amountAtomic }]
    })
    .toSorted(newestFirst)
}

const newestFirst = (a: ForeignPayment, b: ForeignPayment) =>
  Number(b.blockNumber - a.blockNumber) || b.logIndex - a.logIndex
