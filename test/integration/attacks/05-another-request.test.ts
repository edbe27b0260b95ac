import { expect, test } from 'vitest'
import { hashRequest, readQuote, signQuote } from '../../../src/payment/offers/quote.ts'
import { countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { ELSEWHERE, withField } from '../../support/refusals.ts'
import { encodeBase64, sendPaid } from '../../support/wire-payment.ts'

/** Only this file signs quotes with it: what a server would sign for another of its paths. */
const SECRET = 'a secret of the tests, 32 characters'
const stack = useAttackedStack({ overrides: { secret: SECRET } })

const SCHEMES = ['batch-settlement', 'upto', 'exact'] as const
const QUESTION = 'What is in the harbour?'

/** What somebody would rather have for the price of a small question. */
const OTHERS = {
  'another question': chatBody({ question: 'What is in the mountains?' }),
  'another model': chatBody({ question: QUESTION, model: 'xai/grok-4-0709' }),
  'a longer answer': chatBody({ question: QUESTION, max_tokens: 16_000 }),
  'sixteen answers': chatBody({ question: QUESTION, n: 16 }),
  'one more space': `${chatBody({ question: QUESTION })} `,
}

test.each(SCHEMES)('a %s payment buys the request it was quoted for, and then it does', async (scheme) => {
  const body = chatBody({ question: QUESTION })
  const { payment } = await newPayment({
    stack: stack(),
    scheme,
    body,
    isOpen: scheme === 'batch-settlement',
  })
  const { upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: async () => {
      for (const [name, other] of Object.entries(OTHERS)) {
        const response = await sendPaid({ stack: stack(), body: other, payment })
        expect(response.status, name).toBe(402)
        expect((await readError(response)).code, name).toBe('quote_mismatch')
      }
    },
  })
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
  // None of the refusals used it up.
  const answer = await readAnswer(await sendPaid({ stack: stack(), body, payment }))
  expect(answer.text).not.toBe('')
  const spent = await sendPaid({ stack: stack(), body: OTHERS['another question'], payment })
  expect([402, 409]).toContain(spent.status)
  await spent.arrayBuffer()
})

test('a quote of another path, or a payment that names another resource, buys nothing but its own request', async () => {
  const { body, payment } = await newPayment({ stack: stack(), scheme: 'upto' })
  const quote = readQuote({ token: String(payment.accepted.extra['quote']), secret: SECRET })
  if (!quote) throw new Error('The quote is not signed with the secret of this test.')
  const place = { method: 'POST', path: '/v1/embeddings', body: Buffer.from(body), secret: SECRET }
  const elsewhere = signQuote({ quote: { ...quote, requestHash: hashRequest(place) }, secret: SECRET })
  const { value, upstreamCalls } = await countDuring({
    stack: stack(),
    attack: () =>
      sendPaid({ stack: stack(), body, payment: withField(payment, 'accepted.extra.quote', elsewhere) }),
  })
  expect(value.status).toBe(402)
  expect((await readError(value)).code).toBe('quote_mismatch')
  expect(upstreamCalls).toBe(0)
})

test('a payment for a call has no use on a probe, and a body that is refused does not use it up', async () => {
  const { body, payment } = await newPayment({ stack: stack(), scheme: 'upto' })
  const header = { 'payment-signature': encodeBase64(payment) }
  const probes: readonly RequestInit[] = [
    { method: 'GET', headers: header },
    post('', header),
    post('{}', header),
  ]
  const { upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: async () => {
      for (const probe of probes) {
        const response = await fetch(stack().chatUrl, probe)
        expect(response.status).toBe(400)
        expect((await readError(response)).code).toBe('payment_not_needed')
      }
      for (const bad of ['{', chatBody({ model: 'nobody/nothing' }), chatBody({ user: ELSEWHERE, n: 0 })]) {
        expect((await sendPaid({ stack: stack(), body: bad, payment })).status).toBe(400)
      }
    },
  })
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
  expect((await readAnswer(await sendPaid({ stack: stack(), body, payment }))).text).not.toBe('')
})
