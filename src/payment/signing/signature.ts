import { curve as loadedCurve, type Curve } from './curve.ts'
import { bytesToHex, hexToBytes, keccak256 } from '../hex.ts'
import type { Address, Hex } from '../types.ts'

export type SignatureVerdict = 'valid' | 'invalid' | 'malleable'

export type SignatureCheck = {
  /**
   * Whether `signer` made `signature` over `digest`.
   *
   * @param signature 65 bytes: r, s and v, where v is 27, 28, 0 or 1. Others are invalid, the 64 bytes of EIP-2098
   *   included: the contracts do not take them.
   * @returns `malleable` where s lies in the upper half of the curve's order: the contracts reject it (EIP-2), so
   *   that what it authorises could never be claimed.
   */
  readonly verify: (parameters: { digest: Uint8Array; signature: Hex; signer: Address }) => SignatureVerdict
}

const HALF_ORDER = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0'
const HEX_DIGITS_OF_65_BYTES = 132

/** The address of a public key: the last 20 bytes of the hash of its two coordinates. */
function addressOf(publicKey: Uint8Array): Address {
  return bytesToHex(keccak256(publicKey.subarray(1)).subarray(12))
}

function recoveryIdOf(signature: Hex): 0 | 1 | undefined {
  const v = signature.slice(130)
  if (v === '1b' || v === '00') return 0
  return v === '1c' || v === '01' ? 1 : undefined
}

/**
 * Makes a check of ECDSA signatures that remembers its payers' public keys, at most `knownKeys` of them.
 *
 * A known payer costs no address derivation. The public key is recovered even then: the faster `ecdsaVerify` does not
 * look at v, and a voucher whose v was flipped would pass it although every contract refuses it.
 */
export function createSignatureCheck({
  knownKeys = 10_000,
  curve = loadedCurve,
}: { knownKeys?: number; curve?: Curve } = {}): SignatureCheck {
  const keys = new Map<Address, Buffer>()

  function remember(signer: Address, publicKey: Uint8Array): void {
    if (keys.size >= knownKeys) {
      const [oldest] = keys.keys()
      if (oldest !== undefined) keys.delete(oldest)
    }
    keys.set(signer, Buffer.from(publicKey))
  }

  return {
    verify({ digest, signature, signer }) {
      const recoveryId = recoveryIdOf(signature)
      if (signature.length !== HEX_DIGITS_OF_65_BYTES || recoveryId === undefined) return 'invalid'
      if (signature.slice(66, 130).toLowerCase() > HALF_ORDER) return 'malleable'
      const bytes = hexToBytes(signature)
      const publicKey = curve.recover({ signature: bytes.subarray(0, 64), recoveryId, digest })
      if (!publicKey) return 'invalid'
      if (keys.get(signer)?.equals(publicKey)) return 'valid'
      if (addressOf(publicKey) !== signer) return 'invalid'
      remember(signer, publicKey)
      return 'valid'
    },
  }
}

/** Who signed a digest, by 65 bytes of signature; undefined where they are none. */
export function recoverSigner({
  digest,
  signature,
}: {
  digest: Uint8Array
  signature: Hex
}): Address | undefined {
  const recoveryId = recoveryIdOf(signature)
  if (signature.length !== HEX_DIGITS_OF_65_BYTES || recoveryId === undefined) return undefined
  const publicKey = loadedCurve.recover({
    signature: hexToBytes(signature).subarray(0, 64),
    recoveryId,
    digest,
  })
  return publicKey && addressOf(publicKey)
}

/** Signs a digest. @returns 65 bytes with v of 27 or 28, as contracts expect. */
export function signDigest({ digest, privateKey }: { digest: Uint8Array; privateKey: Hex }): Hex {
  const { signature, recoveryId } = loadedCurve.sign({ digest, privateKey: hexToBytes(privateKey) })
  return `${bytesToHex(signature)}${recoveryId === 0 ? '1b' : '1c'}`
}

export const addressOfPrivateKey = ({ privateKey }: { privateKey: Hex }): Address =>
  addressOf(loadedCurve.publicKeyOf(hexToBytes(privateKey)))
