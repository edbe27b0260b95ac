import { request as httpRequest } from 'node:http'
import { beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { countDuring, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, MODEL, post, readAnswer } from '../../support/chat.ts'
import { expectRefusal, withField } from '../../support/refusals.ts'
import { stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import { encodeBase64, exactPayment, offerFor } from '../../support/wire-payment.ts'

const stack = useAttackedStack()
const BODY = chatBody({ question: 'What never gets an answer?' })
let exact: WirePayment

beforeAll(async () => {
  const offer = await offerFor({ stack: stack(), body: BODY, scheme: 'exact' })
  exact = exactPayment({ offer, payer: await stack().newPayer(), asset: stack().usdc })
})

const HEADERS: readonly (readonly [name: string, value: () => string, code: string])[] = [
  ['is no base64', () => '!!!not base64!!!', 'payment_undecodable'],
  ['is base64 of no JSON', () => Buffer.from('hello').toString('base64'), 'payment_undecodable'],
  ['is base64 of no UTF-8', () => Buffer.from([0xff, 0xfe, 0x7b]).toString('base64'), 'payment_undecodable'],
  ['is an array', () => encodeBase64([]), 'payment_malformed'],
  ['is an empty object', () => encodeBase64({}), 'payment_unsupported'],
  [
    'is larger than 8 KB',
    () => encodeBase64({ ...exact, junk: 'x'.repeat(8_192) }),
    'payment_header_too_large',
  ],
  [
    'nests forty deep',
    () => encodeBase64(JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)),
    'payment_undecodable',
  ],
  [
    'nests five thousand deep',
    () => Buffer.from('['.repeat(5_000)).toString('base64'),
    'payment_undecodable',
  ],
  [
    'has an amount of six thousand digits',
    () => encodeBase64(withField(exact, 'accepted.amount', '9'.repeat(6_000))),
    'payment_malformed',
  ],
  ['is of x402 version 1', () => encodeBase64(withField(exact, 'x402Version', 1)), 'payment_unsupported'],
  [
    'is of a scheme that nobody knows',
    () => encodeBase64(withField(exact, 'accepted.scheme', 'gift')),
    'payment_unsupported',
  ],
  [
    'is for a chain of another family',
    () => encodeBase64(withField(exact, 'accepted.network', 'solana:mainnet')),
    'payment_unsupported',
  ],
]

test.each(HEADERS)('a payment header that %s is refused', async (_name, value, code) => {
  await expectRefusal({
    stack: stack(),
    send: () => fetch(stack().chatUrl, post(BODY, { 'payment-signature': value() })),
    status: 400,
    code,
  })
})

test('headers of seventeen kilobytes are refused before anything of ours sees them', async () => {
  const { value, upstreamCalls } = await countDuring({
    stack: stack(),
    attack: () =>
      new Promise<number | undefined>((resolve, reject) => {
        const request = httpRequest(stack().chatUrl, { method: 'POST' }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        request.on('error', reject)
        request.setHeader('payment-signature', 'A'.repeat(17 * 1_024))
        request.end(BODY)
      }),
  })
  expect(value).toBe(431)
  expect(upstreamCalls).toBe(0)
})

const plain = (fields: string) => `{"model":"${MODEL}","messages":[{"role":"user","content":"hi"}]${fields}}`
const MEGABYTE = 1_048_576

const BODIES: readonly (readonly [name: string, body: () => string, code: string])[] = [
  ['nests two hundred deep', () => plain(`,"metadata":${'['.repeat(200)}${']'.repeat(200)}`), 'invalid_json'],
  ['nests a million deep', () => plain(`,"metadata":${'['.repeat(MEGABYTE)}`), 'invalid_json'],
  ['has a number of a million digits', () => plain(`,"max_tokens":${'9'.repeat(MEGABYTE)}`), 'invalid_field'],
  [
    'has a string of a million backslashes',
    () => plain(`,"user":"${'\\\\'.repeat(MEGABYTE / 2)}`),
    'invalid_json',
  ],
  ['has a hundred thousand keys', () => plain(`,${repeatedKeys(100_000)}`), 'unknown_field'],
  ['has a model name of a megabyte', () => chatBody({ model: 'x'.repeat(MEGABYTE) }), 'invalid_field'],
]

function repeatedKeys(count: number): string {
  return Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',')
}

/** Far above what the server needs on a busy machine, far below what a bomb that works would take. */
const SLOW_MS = 3_000

test.each(BODIES)('a body that %s is refused, soon', async (_name, make, code) => {
  const body = make()
  const startedAtMs = performance.now()
  await expectRefusal({
    stack: stack(),
    send: () => fetch(stack().chatUrl, post(body)),
    status: 400,
    code,
  })
  expect(performance.now() - startedAtMs).toBeLessThan(SLOW_MS)
})

test('a body over the limit is refused, whether its length is told or not', async () => {
  const large = Buffer.alloc(LIMITS.bodyBytes + 1, ' ')
  const refused = { status: 413, code: 'body_too_large' }
  await expectRefusal({
    stack: stack(),
    send: () => fetch(stack().chatUrl, { method: 'POST', body: large }),
    ...refused,
  })
  const untold = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < large.length; at += MEGABYTE)
          controller.enqueue(large.subarray(at, at + MEGABYTE))
        controller.close()
      },
    })
  await expectRefusal({
    stack: stack(),
    send: () => fetch(stack().chatUrl, { method: 'POST', body: untold(), duplex: 'half' }),
    ...refused,
  })
})

test('a salvo of bombs does not keep an honest call waiting', async () => {
  const { pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'upto' })
  const bombs = BODIES.map(([, make]) => make())
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: async () => {
      const salvo = bombs.map(async (body) => (await fetch(stack().chatUrl, post(body))).arrayBuffer())
      const answer = await readAnswer(await pay(stack().chatUrl, post(chatBody())))
      await Promise.all(salvo)
      return answer
    },
  })
  expect(upstreamCalls).toBe(1)
  expect(charged).toBe(BigInt(value.turnpike.charge))
})
