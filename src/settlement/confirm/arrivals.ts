import type { Address } from '../../payment/types.ts'
import type { TokenTransfer } from '../ports.ts'

/**
 * Where a payment of exactly one amount arrived, in the transfers of one transaction and one token. An issuer that takes a fee moves
 * the amount in two transfers that stand beside each other (Tether's contract does): then it left the payer in full, and the part
 * beside it is the fee.
 *
 * @example arrivalsOf({ transfers, payer, recipient: till, amountAtomic: 1_000n }) // [{ logIndex: 3, feeAtomic: 2n }]
 */
export function arrivalsOf({
  transfers,
  payer,
  recipient,
  amountAtomic,
}: {
  transfers: readonly TokenTransfer[]
  payer: Address
  recipient: Address
  amountAtomic: bigint
}): readonly { readonly logIndex: number; readonly feeAtomic: bigint }[] {
  const sent = transfers.filter(({ from }) => from === payer)
  return sent
    .filter(({ to }) => to === recipient)
    .flatMap(({ value, logIndex }) => {
      const feeAtomic = amountAtomic - value
      const isPaid =
        feeAtomic === 0n ||
        sent.some((other) => other.value === feeAtomic && Math.abs(other.logIndex - logIndex) === 1)
      return isPaid ? [{ logIndex, feeAtomic }] : []
    })
}
