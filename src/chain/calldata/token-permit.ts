import { slice } from 'viem'
import type { SponsoredPermit } from '../../payment/types.ts'
import { toContractSignature } from './contract-signature.ts'

/** A permit of the token as x402's contracts take it. Their proxies demand one over exactly what the payment permits. */
export function tokenPermit({
  permit: { deadline, signature },
  valueAtomic,
}: {
  permit: SponsoredPermit
  valueAtomic: bigint
}) {
  const whole = toContractSignature(signature)
  return {
    value: valueAtomic,
    deadline: BigInt(deadline),
    r: slice(whole, 0, 32),
    s: slice(whole, 32, 64),
    v: Number(slice(whole, 64)),
  }
}
