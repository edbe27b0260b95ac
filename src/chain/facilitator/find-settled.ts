import type { Order } from '../../facilitator/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Hex } from '../../payment/types.ts'
import { areAuthorizationsUsed } from '../read/authorizations.ts'
import { findTransfers } from '../read/find-payments.ts'
import { readHex, readObject } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'

const METHOD = 'eth_getTransactionByHash'
/** Transfers of one amount between the same two that are looked into, the newest first. */
const TRIES = 20

/**
 * The transaction in which the chain has taken a payment, whoever sent it: the payer's nonce is used, the amount has gone to the
 * recipient, and the nonce stands in the transaction's own bytes, since a transfer of the same amount may be another payment.
 *
 * @throws RpcError
 */
export async function findSettled({
  rpc,
  order: { payment, asset, payTo, amountAtomic },
  nowSeconds,
}: {
  rpc: Rpc
  order: Order
  nowSeconds: number
}): Promise<Hex | undefined> {
  const { type: method, from: owner } = payment
  const nonce = payment.nonce.toString()
  const [isUsed] = await areAuthorizationsUsed({
    rpc,
    authorizations: [{ method, token: asset, owner, nonce }],
  })
  if (!isUsed) return undefined
  const found = await findTransfers({
    rpc,
    asset,
    payer: owner,
    recipient: payTo,
    amountAtomic,
    from: Math.max(payment.validAfter, nowSeconds - LIMITS.adoptionSeconds),
  })
  const digits = nonceDigits(payment)
  for (const { transactionHash } of found.slice(0, TRIES)) {
    const transaction = readObject({ value: await rpc.request(METHOD, [transactionHash]), method: METHOD })
    const input = readHex({ value: transaction['input'], method: METHOD })
    if (input.includes(digits)) return transactionHash
  }
  return undefined
}

/** The payer's nonce as it stands in calldata. */
export const nonceDigits = (payment: Order['payment']): string =>
  payment.type === 'permit2' ? payment.nonce.toString(16).padStart(64, '0') : payment.nonce.slice(2)
