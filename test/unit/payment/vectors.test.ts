import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkPayment } from '../../../src/payment/check/check.ts'
import { decodePayment } from '../../../src/payment/check/payload.ts'
import { createSignatureCheck } from '../../../src/payment/signing/signature.ts'
import { CEILING_PICO_USD, REQUEST_HASH, SECRET, TERMS } from './stock-client.ts'
import { makeVectors, VECTORS_FILE, type Vectors } from './vectors.ts'

const stored = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as Vectors

test('the stored wire is what this server and the published clients write today', async () => {
  expect(await makeVectors()).toEqual(stored)
})

test.each(stored.payments)(
  'the stored payment is accepted at its time, and not a day later: $name',
  (vector) => {
    const payment = decodePayment(
      vector.header === 'X-PAYMENT' ? { xPayment: vector.value } : { paymentSignature: vector.value },
    )
    if (!payment) throw new Error('no payment')
    const check = (nowMs: number) =>
      checkPayment({
        payment,
        terms: TERMS,
        requestHash: REQUEST_HASH,
        quotedCeilingPicoUsd: CEILING_PICO_USD,
        quoteSecret: SECRET,
        nowMs,
        signatures: createSignatureCheck(),
      })
    expect(check(stored.nowMs).payer).toBe('0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a')
    expect(() => check(stored.nowMs + 86_400_000)).toThrow(/expired|no longer valid/)
  },
)
