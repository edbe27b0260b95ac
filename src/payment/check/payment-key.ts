import { createHash } from 'node:crypto'
import { PERMIT2 } from '../tokens/contracts.ts'
import { nonceBytes } from '../offers/quote.ts'
import type { Address, CallPayment, Hex, Network, VoucherPayment } from '../types.ts'

type ChainNonce = { readonly network: Network; readonly payer: Address } & (
  | { readonly method: 'eip3009'; readonly token: Address; readonly nonce: Hex }
  | { readonly method: 'permit2'; readonly nonce: bigint }
)

/**
 * Names what the chain itself will let through only once: a nonce of a payer in the contract that keeps it. A token
 * keeps its own for EIP-3009; Permit2 keeps one set for all tokens, so the token must not be part of the key (two
 * authorisations with one nonce over two tokens would buy two calls, and only one of them could be settled).
 */
export function chainNonceKey(parameters: ChainNonce): Uint8Array {
  const { network, payer, method, nonce } = parameters
  const contract = parameters.method === 'eip3009' ? parameters.token : PERMIT2
  const digits = typeof nonce === 'bigint' ? nonce.toString(16).padStart(64, '0') : nonce.slice(2)
  return createHash('sha256').update([network, method, contract, payer, digits].join('\n')).digest()
}

/**
 * The identity of a payment: one key buys one call, ever.
 *
 * A channel call is named by its quote's nonce (16 bytes), since stock clients sign identical vouchers for different
 * calls; so is a call on credit. `exact` and `upto` are named by the nonce that the chain burns (32 bytes). Nothing of the header's spelling
 * enters.
 */
export function paymentKey(payment: CallPayment): Uint8Array {
  // Credit and vouchers share their names: one quote buys one call, whichever pays for it.
  if (payment.kind === 'voucher' || payment.kind === 'credit') {
    if (!payment.quote) throw new RangeError('A voucher was admitted without a quote.')
    return nonceBytes(payment.quote.nonce)
  }
  const { network, payer } = payment
  if (payment.kind === 'upto')
    return chainNonceKey({ network, payer, method: 'permit2', nonce: payment.nonce })
  return payment.method === 'permit2'
    ? chainNonceKey({ network, payer, method: 'permit2', nonce: payment.nonce })
    : chainNonceKey({ network, payer, method: 'eip3009', token: payment.asset.address, nonce: payment.nonce })
}

/** Of a call that no payment buys: an organisation's balance does. The call is its own name. */
export const callKey = (callId: string): Uint8Array => createHash('sha256').update(`call\n${callId}`).digest()

/** The identity of a deposit, in the same space as {@link paymentKey}; undefined for a voucher without one. */
export function depositKey(payment: VoucherPayment): Uint8Array | undefined {
  const { network, payer, deposit } = payment
  if (!deposit) return undefined
  return deposit.method === 'permit2'
    ? chainNonceKey({ network, payer, method: 'permit2', nonce: deposit.nonce })
    : chainNonceKey({ network, payer, method: 'eip3009', token: payment.asset.address, nonce: deposit.nonce })
}
