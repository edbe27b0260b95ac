import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { devTerms } from '../../../src/app/options/defaults.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { checkPayment } from '../../../src/payment/check/check.ts'
import { decodePayment } from '../../../src/payment/check/payload.ts'
import { createSignatureCheck } from '../../../src/payment/signing/signature.ts'
import type { Address } from '../../../src/payment/types.ts'

type Vector = {
  readonly nowMs: number
  readonly payTo: string
  readonly payment: { payload: { authorization: Record<string, string> } }
}

const FILE = new URL('../../fixtures/x402/x402-fetch-1.2.0.json', import.meta.url)
const vector = JSON.parse(readFileSync(FILE, 'utf8')) as Vector
const till = vector.payTo.toLowerCase() as Address
const other: Address = '0x1111111111111111111111111111111111111111'

/** The price of the call that the vector paid for, before the dev chain's fee of 100 atomic units. */
const CEILING_PICO_USD = 32_000_000n

function check(payment: unknown, ceilingPicoUsd = CEILING_PICO_USD) {
  const xPayment = Buffer.from(JSON.stringify(payment)).toString('base64')
  const decoded = decodePayment({ xPayment: [xPayment] })
  if (!decoded) throw new Error('There is no payment in the header.')
  const addresses = { signer: other, till, receiverAuthorizer: other }
  return checkPayment({
    payment: decoded,
    terms: devTerms({ config: readConfig({}), world: { chain: { usdt: other }, payTo: other, addresses } }),
    requestHash: '',
    quotedCeilingPicoUsd: ceilingPicoUsd,
    quoteSecret: 'a secret that v1 has no use for....',
    nowMs: vector.nowMs,
    signatures: createSignatureCheck(),
  })
}

const codeOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return error instanceof TurnpikeError ? error.code : error
  }
  return undefined
}

test('what x402-fetch 1.2.0 signed is a payment of this server', () => {
  expect(check(vector.payment)).toMatchObject({
    kind: 'exact',
    x402Version: 1,
    valueAtomic: 132n,
    method: 'eip3009',
  })
})

test('the same signature over anything else is none', () => {
  const { authorization } = vector.payment.payload
  const withChange = (change: Record<string, string>) => ({
    ...vector.payment,
    payload: { ...vector.payment.payload, authorization: { ...authorization, ...change } },
  })
  expect(codeOf(() => check(withChange({ nonce: `0x${'ab'.repeat(32)}` })))).toBe('signature_invalid')
  expect(codeOf(() => check(withChange({ value: '131' })))).toBe('offer_mismatch')
  expect(codeOf(() => check(vector.payment, CEILING_PICO_USD * 2n))).toBe('offer_mismatch')
})
