import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64OfText, bytesOfDigits, digitsOfBytes, textOfBase64 } from '../../../src/lib/bytes.ts'

test('bytes, digits and base64 are those of Node', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: 'binary' }), (bytes, text) => {
      const digits = Buffer.from(bytes).toString('hex')
      expect(digitsOfBytes(bytes)).toBe(digits)
      expect(bytesOfDigits(digits)).toEqual(bytes)
      expect(bytesOfDigits(digits.toUpperCase())).toEqual(bytes)
      const base64 = Buffer.from(text).toString('base64')
      expect(base64OfText(text)).toBe(base64)
      expect(textOfBase64(base64)).toBe(Buffer.from(text).toString())
    }),
  )
})

test('a long text fits, and what is no UTF-8 is refused', () => {
  const text = 'ü'.repeat(100_000)
  expect(textOfBase64(base64OfText(text))).toBe(text)
  expect(() => textOfBase64('/w==')).toThrow()
  expect(() => textOfBase64('%')).toThrow()
})
