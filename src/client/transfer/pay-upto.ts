import { UPTO_PROXY } from '../../payment/tokens/contracts.ts'
import { parseAddress } from '../../payment/hex.ts'
import { randomHex, type Payment } from '../context.ts'
import { payTransfer } from './pay-transfer.ts'
import { validityOf } from '../wire/signing-terms.ts'
import { uptoPermitData } from '../wire/typed-data.ts'

async function signPermit(payment: Payment): Promise<Record<string, unknown>> {
  const { approved, context } = payment
  const { payTo, amountAtomic, network, asset, extra } = approved.offer
  const facilitator = parseAddress(extra['facilitatorAddress'])
  if (!facilitator) throw new TypeError('upto is offered without a facilitatorAddress.')
  const { validAfter, validUntil: deadline } = validityOf(payment)
  const nonce = BigInt(randomHex(32))
  const signature = await context.wallet.signTypedData(
    uptoPermitData({
      permit: { network, token: asset, amountAtomic, nonce, deadline },
      to: payTo,
      facilitator,
      validAfter,
    }),
  )
  const permit2Authorization = {
    from: context.payer,
    permitted: { token: asset, amount: amountAtomic.toString() },
    spender: UPTO_PROXY,
    nonce: nonce.toString(),
    deadline: deadline.toString(),
    witness: { to: payTo, facilitator, validAfter: validAfter.toString() },
  }
  return { permit2Authorization, signature }
}

/** `upto`: one Permit2 authorisation for the ceiling, of which the server settles what the call cost. */
export const payUpto = (payment: Payment): Promise<Response> => payTransfer({ payment, sign: signPermit })
