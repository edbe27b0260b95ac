import { permissionOf } from '../chain/calldata.ts'
import type { Operation } from '../chain/operations.ts'
import { TERMS } from '../setup.ts'
import type { Payment } from './payment.ts'

/** What anybody may submit of a payment: its `exact` transfer or its deposit. */
export const operationOf = ({ checked }: Payment): Operation | undefined => {
  const { asset, payer } = checked
  const token = asset.address
  if (checked.kind === 'exact') {
    const { valueAtomic: amount, method, nonce, validAfter, validBefore } = checked
    const times = { kind: 'exact', validAfter, validBefore, signature: '0x' } as const
    const signed =
      method === 'eip3009'
        ? ({ ...times, method, nonce } as const)
        : ({ ...times, method, nonce: nonce.toString() } as const)
    const permission = permissionOf(token, payer, signed)
    return { kind: 'pay', token, payer, to: TERMS.till, amount, permitted: amount, permission }
  }
  if (checked.kind !== 'voucher' || !checked.deposit) return undefined
  const { channelId, deposit } = checked
  const amount = deposit.amountAtomic
  return { kind: 'deposit', token, payer, amount, channelId, permission: permissionOf(token, payer, deposit) }
}
