import { EXACT_PROXY } from '../../payment/tokens/contracts.ts'
import { randomHex, type Payment } from '../context.ts'
import { payTransfer } from './pay-transfer.ts'
import { tokenDomain, validityOf } from '../wire/signing-terms.ts'
import { exactPermitData, transferData } from '../wire/typed-data.ts'

async function signAuthorization(payment: Payment): Promise<Record<string, unknown>> {
  const { approved, context } = payment
  const { payTo, amountAtomic } = approved.offer
  const { validAfter, validUntil: validBefore } = validityOf(payment)
  const nonce = randomHex(32)
  const signature = await context.wallet.signTypedData(
    transferData({
      domain: tokenDomain(payment),
      to: payTo,
      terms: { from: context.payer, valueAtomic: amountAtomic, validAfter, validBefore, nonce },
    }),
  )
  const authorization = {
    from: context.payer,
    to: payTo,
    value: amountAtomic.toString(),
    validAfter: validAfter.toString(),
    validBefore: validBefore.toString(),
    nonce,
  }
  return { authorization, signature }
}

async function signPermit(payment: Payment): Promise<Record<string, unknown>> {
  const { approved, context } = payment
  const { payTo, amountAtomic, network, asset } = approved.offer
  const { validAfter, validUntil: deadline } = validityOf(payment)
  const nonce = BigInt(randomHex(32))
  const signature = await context.wallet.signTypedData(
    exactPermitData({
      permit: { network, token: asset, amountAtomic, nonce, deadline },
      to: payTo,
      validAfter,
    }),
  )
  const permit2Authorization = {
    from: context.payer,
    permitted: { token: asset, amount: amountAtomic.toString() },
    spender: EXACT_PROXY,
    nonce: nonce.toString(),
    deadline: deadline.toString(),
    witness: { to: payTo, validAfter: validAfter.toString() },
  }
  return { permit2Authorization, signature }
}

/** `exact`: the ceiling is paid before the call; what it does not use becomes credit with the server. */
export function payExact(payment: Payment): Promise<Response> {
  const sign = payment.approved.asset.transfer === 'eip3009' ? signAuthorization : signPermit
  return payTransfer({ payment, sign })
}
