/** What this room needs of secp256k1. Signatures are 64 bytes (r, s), public keys 65 bytes (uncompressed). */
export type Curve = {
  readonly name: 'native' | 'portable'
  /** @returns the public key that made the signature, or undefined where there is none. */
  readonly recover: (parameters: {
    signature: Uint8Array
    recoveryId: 0 | 1
    digest: Uint8Array
  }) => Uint8Array | undefined
  /** Deterministic (RFC 6979), always with a low s. */
  readonly sign: (parameters: { digest: Uint8Array; privateKey: Uint8Array }) => {
    signature: Uint8Array
    recoveryId: number
  }
  readonly publicKeyOf: (privateKey: Uint8Array) => Uint8Array
}

/** Bitcoin's libsecp256k1 through npm's `secp256k1`: a prebuilt binary for the common machines. */
export async function loadNativeCurve(): Promise<Curve | undefined> {
  try {
    const { default: native } = await import('secp256k1/bindings.js')
    return {
      name: 'native',
      recover: ({ signature, recoveryId, digest }) => {
        try {
          return native.ecdsaRecover(signature, recoveryId, digest, false)
        } catch {
          return undefined
        }
      },
      sign: ({ digest, privateKey }) => {
        const { signature, recid } = native.ecdsaSign(digest, privateKey)
        return { signature, recoveryId: recid }
      },
      publicKeyOf: (privateKey) => native.publicKeyCreate(privateKey, false),
    }
  } catch {
    return undefined
  }
}

/** The same library as WebAssembly, about a third as fast: for machines without a binary. */
export async function loadPortableCurve(): Promise<Curve> {
  const { secp256k1 } = await import('@bitauth/libauth')
  const bytesOf = (result: Uint8Array | string): Uint8Array => {
    if (typeof result === 'string') throw new RangeError(result)
    return result
  }
  return {
    name: 'portable',
    recover: ({ signature, recoveryId, digest }) => {
      const key = secp256k1.recoverPublicKeyUncompressed(signature, recoveryId, digest)
      return typeof key === 'string' ? undefined : key
    },
    sign: ({ digest, privateKey }) => {
      const signed = secp256k1.signMessageHashRecoverableCompact(privateKey, digest)
      if (typeof signed === 'string') throw new RangeError(signed)
      return signed
    },
    publicKeyOf: (privateKey) => bytesOf(secp256k1.derivePublicKeyUncompressed(privateKey)),
  }
}

export const curve: Curve = (await loadNativeCurve()) ?? (await loadPortableCurve())
