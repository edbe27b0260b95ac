import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { privateKeyToAccount } from 'viem/accounts'
import { recoverAddress } from 'viem'
import { loadNativeCurve, loadPortableCurve } from '../../../src/payment/signing/curve.ts'
import { bytesToHex } from '../../../src/payment/hex.ts'
import {
  addressOfPrivateKey,
  createSignatureCheck,
  signDigest,
} from '../../../src/payment/signing/signature.ts'
import type { Hex } from '../../../src/payment/types.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const privateKey: Hex = `0x${'11'.repeat(32)}`
const otherKey: Hex = `0x${'22'.repeat(32)}`
const signer = addressOfPrivateKey({ privateKey })
const other = addressOfPrivateKey({ privateKey: otherKey })
const digestArbitrary = fc.uint8Array({ minLength: 32, maxLength: 32 })

const native = await loadNativeCurve()
const portable = await loadPortableCurve()
const curves = native ? [native, portable] : [portable]

const withV = (signature: Hex, v: string): Hex => `${signature.slice(0, 130)}${v}` as Hex
const otherV = (signature: Hex): Hex => withV(signature, signature.endsWith('1b') ? '1c' : '1b')

/** The twin of a signature: the same r, s mirrored, v flipped. It recovers the same key. */
function malleated(signature: Hex): Hex {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`)
  return otherV(`${signature.slice(0, 66)}${s.toString(16).padStart(64, '0')}${signature.slice(130)}` as Hex)
}

test('addresses and signatures are those of viem', async () => {
  const account = privateKeyToAccount(privateKey)
  expect(signer).toBe(account.address.toLowerCase())
  await fc.assert(
    fc.asyncProperty(digestArbitrary, async (digest) => {
      expect(signDigest({ digest, privateKey })).toBe(await account.sign({ hash: bytesToHex(digest) }))
    }),
    { numRuns: 20 },
  )
})

test.each(curves)(
  'the $name curve takes a good signature with v of 27, 28, 0 or 1, and no other',
  (curve) => {
    const check = createSignatureCheck({ curve })
    fc.assert(
      fc.property(digestArbitrary, (digest) => {
        const signature = signDigest({ digest, privateKey })
        const bare = withV(signature, signature.endsWith('1b') ? '00' : '01')
        // Twice, so that the payer's key is known the second time.
        for (const _ of [1, 2]) {
          expect(check.verify({ digest, signature, signer })).toBe('valid')
          expect(check.verify({ digest, signature: bare, signer })).toBe('valid')
          expect(check.verify({ digest, signature: otherV(signature), signer })).toBe('invalid')
          expect(check.verify({ digest, signature, signer: other })).toBe('invalid')
          expect(check.verify({ digest, signature: withV(signature, '1d'), signer })).toBe('invalid')
        }
      }),
      { numRuns: 30 },
    )
  },
)

test.each(curves)(
  'the $name curve refuses a high s, though the key could be recovered from it',
  async (curve) => {
    const check = createSignatureCheck({ curve })
    const digest = Buffer.alloc(32, 5)
    const signature = signDigest({ digest, privateKey })
    const twin = malleated(signature)
    expect(await recoverAddress({ hash: bytesToHex(digest), signature: twin })).toMatch(
      new RegExp(signer, 'i'),
    )
    expect(check.verify({ digest, signature, signer })).toBe('valid')
    expect(check.verify({ digest, signature: twin, signer })).toBe('malleable')
  },
)

test.each(curves)('the $name curve refuses signatures of other lengths and empty ones', (curve) => {
  const check = createSignatureCheck({ curve })
  const digest = Buffer.alloc(32, 5)
  const signature = signDigest({ digest, privateKey })
  // EIP-2098 packs the parity into s: 64 bytes.
  for (const bad of [
    signature.slice(0, 130),
    `${signature}00`,
    '0x',
    `0x${'00'.repeat(64)}1b`,
    `0x${'ff'.repeat(32)}${'01'.repeat(32)}1b`,
  ]) {
    expect(check.verify({ digest, signature: bad as Hex, signer })).toBe('invalid')
  }
})

test('the memory of keys is bounded and forgetting does no harm', () => {
  const check = createSignatureCheck({ knownKeys: 1 })
  const digest = Buffer.alloc(32, 9)
  for (const key of [privateKey, otherKey, privateKey]) {
    const address = addressOfPrivateKey({ privateKey: key })
    const signature = signDigest({ digest, privateKey: key })
    expect(check.verify({ digest, signature, signer: address })).toBe('valid')
  }
})

test('both curves sign alike', () => {
  if (!native) return
  const digest = Buffer.alloc(32, 3)
  const key = Buffer.from('44'.repeat(32), 'hex')
  const [a, b] = [native, portable].map((curve) => curve.sign({ digest, privateKey: key }))
  expect(Buffer.from(a?.signature ?? []).toString('hex')).toBe(
    Buffer.from(b?.signature ?? []).toString('hex'),
  )
  expect(a?.recoveryId).toBe(b?.recoveryId)
})
