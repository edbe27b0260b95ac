import { expect, test } from 'vitest'
import { countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post } from '../../support/chat.ts'
import { sendPaid } from '../../support/wire-payment.ts'

const stack = useAttackedStack()

const get = (path: string) => fetch(`${stack().app.url}${path}`)
const ask = (body: string, headers: Record<string, string> = {}) =>
  fetch(stack().chatUrl, post(body, headers))

test('every answer forbids caches to keep it and has a request id', async () => {
  const bought = await newPayment({ stack: stack(), scheme: 'upto' })
  const streamed = await newPayment({ stack: stack(), scheme: 'exact', body: chatBody({ stream: true }) })
  const poor = await newPayment({ stack: stack(), scheme: 'batch-settlement' })
  const large = 'x'.repeat(11 * 1_048_576)
  const { value: responses, upstreamCalls } = await countDuring({
    stack: stack(),
    attack: async () => {
      const paid = [
        await sendPaid({ stack: stack(), ...bought }),
        await sendPaid({ stack: stack(), ...bought }),
        await sendPaid({ stack: stack(), ...streamed }),
        await sendPaid({ stack: stack(), body: chatBody(), payment: poor.payment }),
      ]
      stack().provider.setFaults({ status: 500 })
      const failed = await sendPaid({ stack: stack(), ...poor })
      stack().provider.setFaults()
      return [...paid, failed]
    },
  })
  expect(responses.map(({ status }) => status)).toEqual([200, 409, 200, 402, 502])
  expect(upstreamCalls).toBe(3)
  const unpaid = [
    await ask(chatBody()),
    await ask('{'),
    await ask(chatBody(), { 'payment-signature': 'nonsense' }),
    await ask(chatBody(), { 'content-encoding': 'gzip' }),
    await ask(large),
    await fetch(stack().chatUrl, { method: 'DELETE' }),
    await fetch(stack().chatUrl, { method: 'HEAD' }),
    await fetch(stack().chatUrl),
    await ask(chatBody({ model: 'turnpike/free' })),
    await ask(chatBody({ model: 'turnpike/free', stream: true })),
    await get('/v1/models'),
    await get(`/v1/calls/${responses[0]?.headers.get('x-call-id')}`),
    await get('/v1/calls/nothing'),
    await get('/admin/v1/ledger/check'),
    await get('/healthz'),
    await get('/readyz'),
    await get('/metrics'),
    await get('/nowhere'),
  ]
  expect(unpaid.map(({ status }) => status)).toEqual([
    402, 400, 400, 415, 413, 405, 402, 402, 200, 200, 200, 200, 404, 401, 200, 200, 200, 404,
  ])
  for (const response of [...responses, ...unpaid]) {
    expect(response.headers.get('cache-control'), response.url).toBe('private, no-store')
    expect(response.headers.get('x-request-id'), response.url).toMatch(/^[\w-]{20,}$/)
    expect(response.headers.get('x-powered-by')).toBeNull()
    expect(response.headers.get('etag')).toBeNull()
    await response.arrayBuffer()
  }
})

test('nothing that a cache keys on makes a paid answer another caller’s: a question alone is asked to pay', async () => {
  const { body, payment } = await newPayment({ stack: stack(), scheme: 'upto' })
  await (await sendPaid({ stack: stack(), body, payment })).arrayBuffer()
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: () =>
      ask(body, { 'if-none-match': '*', 'if-modified-since': new Date().toUTCString(), range: 'bytes=0-9' }),
  })
  expect(value.status).toBe(402)
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
  expect(JSON.parse(await value.text())).toMatchObject({
    x402Version: 1,
    error: { code: 'payment_required' },
  })
})
