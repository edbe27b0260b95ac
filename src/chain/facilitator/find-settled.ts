import type { Order } from '../../facilitator/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Hex } from '../../payment/types.ts'
import { areAuthorizationsUsed, hasUsedAuthorization } from '../read/authorizations.ts'
import { findTransfers } from '../read/find-payments.ts'
import { readAddress, readHex, readObject } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { takesPayment } from './takes-payment.ts'

const METHOD = 'eth_getTransactionByHash'
/** Transfers of one amount between the same two that are looked into, the newest first. */
const TRIES = 20

/**
 * The transaction in which the chain has taken a payment, whoever sent it: the payer's nonce is used, the amount has gone to the
 * recipient, and the same transaction has used that nonce. A transfer of the same amount may be another payment, and a payer may burn
 * a nonce without paying: the token's own log tells, or, for Permit2, which writes none, the call of the proxy.
 *
 * @throws RpcError
 */
export async function findSettled({
  rpc,
  order,
  nowSeconds,
}: {
  rpc: Rpc
  order: Order
  nowSeconds: number
}): Promise<Hex | undefined> {
  const { payment, asset, payTo, amountAtomic } = order
  const { type: method, from: owner } = payment
  const authorization = { method, token: asset, owner, nonce: payment.nonce.toString() }
  const [isUsed] = await areAuthorizationsUsed({ rpc, authorizations: [authorization] })
  if (!isUsed) return undefined
  const found = await findTransfers({
    rpc,
    asset,
    payer: owner,
    recipient: payTo,
    amountAtomic,
    from: Math.max(payment.validAfter, nowSeconds - LIMITS.adoptionSeconds),
  })
  for (const { transactionHash } of found.slice(0, TRIES)) {
    const isIt =
      method === 'eip3009'
        ? await hasUsedAuthorization({ rpc, transactionHash, authorization })
        : takesPayment({ call: await readCall({ rpc, transactionHash }), order })
    if (isIt) return transactionHash
  }
  return undefined
}

async function readCall({ rpc, transactionHash }: { rpc: Rpc; transactionHash: Hex }) {
  const transaction = readObject({ value: await rpc.request(METHOD, [transactionHash]), method: METHOD })
  return {
    to: readAddress({ value: transaction['to'], method: METHOD }),
    data: readHex({ value: transaction['input'], method: METHOD }),
  }
}
