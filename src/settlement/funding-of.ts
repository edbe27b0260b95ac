import type { Atomic } from '../lib/money.ts'
import { depositKey, paymentKey } from '../payment/check/payment-key.ts'
import type { CallPayment, ExactPayment, Sponsored, VoucherPayment } from '../payment/types.ts'
import type { Funding } from './types.ts'

/**
 * The funding that a payment asks for: its deposit, or the `exact` payment itself.
 *
 * @throws RangeError where it asks for none.
 */
export function fundingOf({ payment, id }: { payment: CallPayment; id: string }): Funding {
  if (payment.kind === 'voucher') return depositFunding({ payment, id })
  if (payment.kind === 'exact') return exactFunding({ payment, id })
  throw new RangeError('An upto payment is settled after its call, never before.')
}

function depositFunding({ payment, id }: { payment: VoucherPayment; id: string }): Funding {
  const { deposit } = payment
  const key = depositKey(payment)
  if (!deposit || !key) throw new RangeError('This voucher carries no deposit.')
  return {
    ...commonOf({ payment, id, amountAtomic: deposit.amountAtomic }),
    key,
    kind: 'deposit',
    expiresAt: deposit.method === 'eip3009' ? deposit.validBefore : deposit.deadline,
    authorization: { kind: 'deposit', deposit, ...permitOf(payment) },
    channel: { id: payment.channelId, config: payment.config },
  }
}

function exactFunding({ payment, id }: { payment: ExactPayment; id: string }): Funding {
  const { validAfter, validBefore, signature } = payment
  const times = { kind: 'exact', validAfter, validBefore, signature } as const
  return {
    ...commonOf({ payment, id, amountAtomic: payment.valueAtomic }),
    key: paymentKey(payment),
    kind: 'exact',
    expiresAt: validBefore,
    authorization:
      payment.method === 'eip3009'
        ? { ...times, method: 'eip3009', nonce: payment.nonce }
        : { ...times, method: 'permit2', nonce: payment.nonce.toString(), ...permitOf(payment) },
  }
}

function commonOf({ payment, id, amountAtomic }: { payment: CallPayment; id: string; amountAtomic: Atomic }) {
  return { id, network: payment.network, asset: payment.asset.address, payer: payment.payer, amountAtomic }
}

const permitOf = ({ sponsoredPermit: permit }: Sponsored) => (permit ? { permit } : {})
