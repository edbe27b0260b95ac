import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashRequest, readQuote, signQuote } from '../../../src/payment/offers/quote.ts'
import { makeQuote, SECRET } from './stock-client.ts'

const quoteArbitrary = fc.record({
  nonce: fc.uuid({ version: 7 }),
  requestHash: fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((raw) => Buffer.from(raw).toString('base64url')),
  ceilingPicoUsd: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  priceBook: fc.string({ maxLength: 16 }),
  expiresAtMs: fc.integer({ min: 0, max: 2 ** 47 }),
})

test('a quote comes back as it was signed', () => {
  fc.assert(
    fc.property(quoteArbitrary, (quote) => {
      const token = signQuote({ quote, secret: SECRET })
      expect(token.length).toBeLessThan(240)
      expect(readQuote({ token, secret: SECRET })).toEqual(quote)
      expect(readQuote({ token, secret: 'another secret' })).toBeUndefined()
    }),
  )
})

test('a token with one letter changed is none of ours', () => {
  const token = signQuote({ quote: makeQuote(), secret: SECRET })
  fc.assert(
    fc.property(
      fc.nat({ max: token.length - 1 }),
      fc.constantFrom('A', 'z', '0', '9', '-', '_', '=', '+', '/', ' '),
      (at, letter) => {
        fc.pre(token[at] !== letter)
        const changed = token.slice(0, at) + letter + token.slice(at + 1)
        expect(readQuote({ token: changed, secret: SECRET })).toBeUndefined()
      },
    ),
  )
  for (const bad of ['', token.slice(1), `${token}A`, `${token}=`, ` ${token}`]) {
    expect(readQuote({ token: bad, secret: SECRET })).toBeUndefined()
  }
})

test('a quote that does not fit is a fault of the caller', () => {
  const sign = (change: object) => () => signQuote({ quote: { ...makeQuote(), ...change }, secret: SECRET })
  expect(sign({ nonce: 'x' })).toThrow(RangeError)
  expect(sign({ requestHash: 'AAAA' })).toThrow(RangeError)
  expect(sign({ ceilingPicoUsd: -1n })).toThrow(RangeError)
  expect(sign({ ceilingPicoUsd: 1n << 128n })).toThrow(RangeError)
  expect(sign({ priceBook: 'x'.repeat(65) })).toThrow(RangeError)
})

test('a request hash depends on method, path, every byte of the body, and the secret', () => {
  const request = {
    method: 'POST',
    path: '/v1/chat/completions',
    body: Buffer.from('{"a":1}'),
    secret: SECRET,
  }
  const variants = [
    request,
    { ...request, method: 'GET' },
    { ...request, path: '/v1/responses' },
    { ...request, body: Buffer.from('{"a": 1}') },
    { ...request, secret: 'another secret' },
    { ...request, path: '/v1/chat/completions\n{', body: Buffer.from('"a":1}') },
  ]
  expect(new Set(variants.map(hashRequest)).size).toBe(variants.length)
  expect(hashRequest({ ...request, method: 'post' })).toBe(hashRequest(request))
  expect(Buffer.from(hashRequest(request), 'base64url')).toHaveLength(32)
})
