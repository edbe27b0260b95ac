import { expect, test } from 'vitest'
import { countDuring, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { ELSEWHERE, withField } from '../../support/refusals.ts'
import { stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import {
  encodeBase64,
  exactPayment,
  offerFor,
  sendPaid,
  uptoPayment,
  voucherPayment,
} from '../../support/wire-payment.ts'

/** A proxy in front tells who asks: the tests come from addresses of their own. */
const stack = useAttackedStack({
  environment: { TURNPIKE_TRUSTED_PROXIES: '1', TURNPIKE_UNPAID_PER_MINUTE: '40' },
  overrides: { sweepMs: 3_600_000 },
})

const from = (address: string) => ({ 'x-forwarded-for': address })
const BODY = chatBody({ question: 'What never gets an answer?' })
/** Signed by nobody. */
const SIGNATURE = `0x${'11'.repeat(32)}${'22'.repeat(32)}1b`

async function offers() {
  return {
    exact: await offerFor({ stack: stack(), body: BODY, scheme: 'exact' }),
    upto: await offerFor({ stack: stack(), body: BODY, scheme: 'upto' }),
    channel: await offerFor({ stack: stack(), body: BODY, scheme: 'batch-settlement' }),
  }
}

test('payments that nobody signed cost no RPC, no row and no provider, and five of them beside each honest call harm none', async () => {
  const payer = await stack().newPayer()
  const { exact, upto, channel } = await offers()
  const bogus: readonly unknown[] = [
    withField(exactPayment({ offer: exact, payer, asset: stack().usdc }), 'payload.signature', SIGNATURE),
    withField(uptoPayment({ offer: upto, payer }), 'payload.signature', SIGNATURE),
    withField(
      voucherPayment({ offer: channel, payer, maxAtomic: 10n ** 9n }),
      'payload.voucher.signature',
      SIGNATURE,
    ),
    exactPayment({ offer: withField(exact, 'extra.quote', 'A'.repeat(180)), payer, asset: stack().usdc }),
    exactPayment({ offer: withField(exact, 'payTo', ELSEWHERE), payer, asset: stack().usdc }),
  ]
  const sendBogus = () =>
    Promise.all(
      bogus.map(async (payment) => (await sendPaid({ stack: stack(), body: BODY, payment })).status),
    )
  const alone = await countDuring({ stack: stack(), attack: sendBogus })
  expect(alone.value).toEqual(bogus.map(() => 402))
  expect(alone.rpcMethods).toEqual([])
  expect({ upstreamCalls: alone.upstreamCalls, charged: alone.charged }).toEqual({
    upstreamCalls: 0,
    charged: 0n,
  })

  const { pay, statuses } = stockPayer({ stack: stack(), payer, scheme: 'batch-settlement' })
  await readAnswer(await pay(stack().chatUrl, post(chatBody())))
  statuses()
  const rounds = 5
  const beside = await countDuring({
    stack: stack(),
    attack: async () => {
      let paid = 0n
      for (let round = 0; round < rounds; round += 1) {
        const [answer] = await Promise.all([
          pay(stack().chatUrl, post(chatBody())).then(readAnswer),
          sendBogus(),
        ])
        paid += BigInt(answer.turnpike.charge)
      }
      return paid
    },
  })
  expect(beside.upstreamCalls).toBe(rounds)
  expect(beside.charged).toBe(beside.value)
  expect(beside.rpcMethods).toEqual([])
  expect(statuses()).toEqual(Array.from({ length: rounds }, () => [402, 200]).flat())
})

test('what is wrong is found in the order of what it costs to find: shape, offer, quote, time, signature', async () => {
  const payer = await stack().newPayer()
  const { exact } = await offers()
  const bad = (payment: WirePayment) => withField(payment, 'payload.signature', SIGNATURE)
  const expired = { validBefore: 1 }
  const forged = withField(exact, 'extra.quote', 'A'.repeat(180))
  const everything = exactPayment({ offer: forged, payer, asset: stack().usdc, authorization: expired })
  const steps: readonly (readonly [code: string, payment: WirePayment])[] = [
    [
      'payment_malformed',
      bad(withField(withField(everything, 'accepted.asset', ELSEWHERE), 'accepted.amount', 5)),
    ],
    ['offer_mismatch', bad(withField(everything, 'accepted.asset', ELSEWHERE))],
    ['quote_forged', bad(everything)],
    [
      'payment_expired',
      bad(exactPayment({ offer: exact, payer, asset: stack().usdc, authorization: expired })),
    ],
    ['signature_invalid', bad(exactPayment({ offer: exact, payer, asset: stack().usdc }))],
  ]
  for (const [code, payment] of steps) {
    const response = await sendPaid({ stack: stack(), body: BODY, payment })
    expect((await readError(response)).code).toBe(code)
  }
})

test('an address that asks and never pays is told to wait before anything of it is read; one that pays is not', async () => {
  const {
    value: statuses,
    upstreamCalls,
    rpcMethods,
  } = await countDuring({
    stack: stack(),
    attack: async () => {
      const seen: number[] = []
      for (let asked = 0; asked < 45; asked += 1) {
        const response = await fetch(stack().chatUrl, post(BODY, from('203.0.113.7')))
        await response.arrayBuffer()
        seen.push(response.status)
      }
      return seen
    },
  })
  expect(statuses).toEqual([...Array<number>(40).fill(402), ...Array<number>(5).fill(429)])
  expect({ upstreamCalls, rpcMethods }).toEqual({ upstreamCalls: 0, rpcMethods: [] })

  const payer = await stack().newPayer()
  const offer = await offerFor({ stack: stack(), body: BODY, scheme: 'exact' })
  const good = { 'payment-signature': encodeBase64(exactPayment({ offer, payer, asset: stack().usdc })) }
  const late = await fetch(stack().chatUrl, post(BODY, { ...good, ...from('203.0.113.7') }))
  expect(late.status).toBe(429)
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(late.headers.get('payment-required')).toBeNull()
  expect((await readError(late)).code).toBe('too_many_unpaid')
  // It was not used up, and elsewhere nobody has to wait. A whole network of IPv6 is one address.
  expect((await fetch(stack().chatUrl, post(BODY, { ...good, ...from('203.0.113.8') }))).status).toBe(200)
  for (let asked = 0; asked < 40; asked += 1) {
    await (await fetch(stack().chatUrl, post(BODY, from(`2001:db8:1:2:${asked}::1`)))).arrayBuffer()
  }
  expect((await fetch(stack().chatUrl, post(BODY, from('2001:db8:1:2:ffff::1')))).status).toBe(429)
  expect((await fetch(stack().chatUrl, post(BODY, from('2001:db8:1:3::1')))).status).toBe(402)

  // An agent that pays for what it asks never comes to the limit: each call gives back what it took.
  const client = stockPayer({ stack: stack(), payer, scheme: 'batch-settlement' })
  for (let call = 0; call < 45; call += 1) {
    const response = await client.pay(stack().chatUrl, post(chatBody(), from('203.0.113.9')))
    expect(response.status).toBe(200)
    await response.arrayBuffer()
  }
})

test('who only wants to know whether we are ready costs a chain one question a second', async () => {
  const { rpcMethods } = await countDuring({
    stack: stack(),
    attack: () => Promise.all(Array.from({ length: 50 }, () => fetch(`${stack().app.url}/readyz`))),
  })
  expect(rpcMethods.length).toBeLessThanOrEqual(2)
})
