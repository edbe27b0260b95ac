import { expect, test } from 'vitest'
import { catalogOf } from '../../../src/app/options/defaults.ts'
import type { Catalog, Endpoint } from '../../../src/catalog/types.ts'
import { readQuote, signQuote } from '../../../src/payment/offers/quote.ts'
import { countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { chargeFor, MODEL, readAnswer, readError } from '../../support/chat.ts'
import { withField } from '../../support/refusals.ts'
import { askPrice, exactPayment, sendPaid } from '../../support/wire-payment.ts'

const SECRET = 'a secret of the tests, 32 characters'
const stack = useAttackedStack({ overrides: { secret: SECRET } })

/** The catalogue after the vendor has made the model this many times dearer. */
function dearer(factor: bigint): Catalog {
  const catalog = catalogOf({ simulated: true })
  const raise = (endpoint: Endpoint): Endpoint => {
    const { modelId, prices } = endpoint
    if (modelId !== MODEL || !prices) return endpoint
    return {
      ...endpoint,
      prices: {
        ...prices,
        inputPicoUsd: prices.inputPicoUsd * factor,
        cacheReadPicoUsd: prices.cacheReadPicoUsd * factor,
        outputPicoUsd: prices.outputPicoUsd * factor,
      },
    }
  }
  return { ...catalog, priceBook: '2026-12-01', endpoints: catalog.endpoints.map(raise) }
}

test.each(['batch-settlement', 'upto', 'exact'] as const)(
  'a %s payment is good at its quoted price while the model becomes a thousand times dearer',
  async (scheme) => {
    const { body, payment } = await newPayment({ stack: stack(), scheme, isOpen: true })
    await stack().restart({ catalog: dearer(1_000n) })
    try {
      const { accepts } = await askPrice({ stack: stack(), body })
      expect(BigInt(accepts[0]?.amount ?? 0)).toBeGreaterThan(100n * BigInt(payment.accepted.amount))
      const { value, upstreamCalls, charged } = await countDuring({
        stack: stack(),
        attack: () => sendPaid({ stack: stack(), body, payment }),
      })
      const answer = await readAnswer(value)
      expect(upstreamCalls).toBe(1)
      expect(answer.turnpike.ceiling).toBe(payment.accepted.amount)
      expect(charged).toBe(BigInt(answer.turnpike.charge))
      // Even at the old price the tokens cost something; at the new one they would cost far more than was agreed.
      expect(charged).toBeGreaterThanOrEqual(chargeFor(answer))
      expect(charged).toBeLessThanOrEqual(BigInt(payment.accepted.amount))
    } finally {
      await stack().restart()
    }
  },
)

test('a quote that has expired is not honoured: the new price is asked, and nothing was bought', async () => {
  const { body, payment, payer } = await newPayment({ stack: stack(), scheme: 'exact' })
  const quote = readQuote({ token: String(payment.accepted.extra['quote']), secret: SECRET })
  if (!quote) throw new Error('The quote is not signed with the secret of this test.')
  const token = signQuote({ quote: { ...quote, expiresAtMs: Date.now() - 1 }, secret: SECRET })
  const late = exactPayment({
    offer: withField(payment.accepted, 'extra.quote', token),
    payer,
    asset: stack().usdc,
  })
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: () => sendPaid({ stack: stack(), body, payment: late }),
  })
  expect(value.status).toBe(402)
  expect(value.headers.get('payment-required')).not.toBeNull()
  expect((await readError(value)).code).toBe('quote_expired')
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
})
