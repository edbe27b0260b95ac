import type { Hex } from '../../payment/types.ts'

const HEX_DIGITS_OF_65_BYTES = 132

/** A key's signature (r, s, v); a contract wallet's has any other length. */
export const isKeySignature = (signature: Hex) => signature.length === HEX_DIGITS_OF_65_BYTES

/**
 * A signature as contracts take it. Some wallets write v as 0 or 1; off chain that is a good signature, but ecrecover
 * knows only 27 and 28.
 */
export function toContractSignature(signature: Hex): Hex {
  if (!isKeySignature(signature)) return signature
  const v = Number.parseInt(signature.slice(130), 16)
  return v < 27 ? `${signature.slice(0, 130) as Hex}${(v + 27).toString(16)}` : signature
}
