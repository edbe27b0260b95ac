import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashRequest, readQuote, signQuote } from '../../../src/payment/quote.ts'
import type { Quote } from '../../../src/payment/types.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import {
  encodeBase64,
  exactPayment,
  highS,
  offerFor,
  sendPaid,
  uptoPayment,
  voucherPayment,
} from '../../support/wire-payment.ts'
import { ELSEWHERE, expectRefusal, withField } from './refusals.ts'

/** Only this file signs quotes with it: what a server would sign, and what none would. */
const SECRET = 'a secret of the tests, 32 characters'

let stack: Stack
let payer: Payer
/** Asked again and again, never served: every payment below is for this body unless it says otherwise. */
const BODY = chatBody({ question: 'What never gets an answer?' })

beforeAll(async () => {
  stack = await startStack({ overrides: { secret: SECRET } })
  payer = await stack.newPayer()
  // A channel with money, so that a bad voucher has something to lose.
  const { pay } = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  await stack.settleUntilQuiet()
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const offer = (scheme: 'exact' | 'upto' | 'batch-settlement', body = BODY) =>
  offerFor({ stack, body, scheme })
const exact = async (over: Partial<Parameters<typeof exactPayment>[0]> = {}) =>
  exactPayment({ offer: await offer('exact'), payer, asset: stack.usdc, ...over })
const upto = async (over: Partial<Parameters<typeof uptoPayment>[0]> = {}) =>
  uptoPayment({ offer: await offer('upto'), payer, ...over })
const voucher = async () => {
  const accepted = await offer('batch-settlement')
  return voucherPayment({ offer: accepted, payer, maxAtomic: 2n * BigInt(accepted.amount) })
}

const seconds = () => Math.floor(Date.now() / 1_000)
async function withQuote(change: (quote: Quote) => Quote): Promise<WirePayment> {
  const accepted = await offer('exact')
  const quote = readQuote({ token: String(accepted.extra['quote']), secret: SECRET })
  if (!quote) throw new Error('The quote is not signed with the secret of this test.')
  const token = signQuote({ quote: change(quote), secret: SECRET })
  return exact({ offer: withField(accepted, 'extra.quote', token) })
}

test('what is changed below is good where it is not changed: all three hand-made payments buy a call', async () => {
  const body = chatBody()
  const accepted = {
    exact: await offer('exact', body),
    upto: await offer('upto', body),
    channel: await offer('batch-settlement', body),
  }
  const payments = [
    exactPayment({ offer: accepted.exact, payer, asset: stack.usdc }),
    uptoPayment({ offer: accepted.upto, payer }),
    voucherPayment({ offer: accepted.channel, payer, maxAtomic: 2n * BigInt(accepted.channel.amount) }),
  ]
  for (const payment of payments) {
    expect((await readAnswer(await sendPaid({ stack, body, payment }))).text).not.toBe('')
  }
  await stack.settleUntilQuiet()
})

const HEADERS: readonly (readonly [name: string, value: () => Promise<string> | string, code: string])[] = [
  ['is no base64', () => '!!!not base64!!!', 'payment_undecodable'],
  ['is base64 of no JSON', () => Buffer.from('hello').toString('base64'), 'payment_undecodable'],
  ['is base64 of no UTF-8', () => Buffer.from([0xff, 0xfe, 0x7b]).toString('base64'), 'payment_undecodable'],
  ['is an array', () => encodeBase64([]), 'payment_malformed'],
  ['is an empty object', () => encodeBase64({}), 'payment_unsupported'],
  ['has junk between its letters', async () => `${encodeBase64(await exact())}##`, 'payment_undecodable'],
  [
    'is larger than 8 KB',
    async () => encodeBase64({ ...(await exact()), junk: 'x'.repeat(8_192) }),
    'payment_header_too_large',
  ],
  [
    'nests too deep',
    () => encodeBase64(JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)),
    'payment_undecodable',
  ],
  [
    'is two joined by a comma',
    async () => `${encodeBase64(await exact())},${encodeBase64(await exact())}`,
    'payment_header_duplicate',
  ],
  [
    'is of x402 version 1',
    async () => encodeBase64(withField(await exact(), 'x402Version', 1)),
    'payment_unsupported',
  ],
  [
    'is of a scheme that nobody knows',
    async () => encodeBase64(withField(await exact(), 'accepted.scheme', 'gift')),
    'payment_unsupported',
  ],
  [
    'is for a chain of another family',
    async () => encodeBase64(withField(await exact(), 'accepted.network', 'solana:mainnet')),
    'payment_unsupported',
  ],
]

test.each(HEADERS)('a payment header that %s is refused', async (_name, value, code) => {
  const header = await value()
  await expectRefusal({
    stack,
    send: () => fetch(stack.chatUrl, post(BODY, { 'payment-signature': header })),
    status: 400,
    code,
  })
})

/** Two header lines of one name, or two names: what fetch cannot send. */
function sendRaw(headers: Record<string, string | string[]>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(stack.chatUrl, { method: 'POST' }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve(
          new Response(Buffer.concat(chunks), {
            status: response.statusCode ?? 0,
            headers: Object.entries(response.headers).map(([name, value]): [string, string] => [
              name,
              String(value),
            ]),
          }),
        ),
      )
    })
    request.on('error', reject)
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
    request.end(BODY)
  })
}

test('two payments in one request are refused, in two lines or in two versions', async () => {
  const [one, two] = [encodeBase64(await exact()), encodeBase64(await exact())]
  const refused = { status: 400, code: 'payment_header_duplicate' }
  await expectRefusal({ stack, send: () => sendRaw({ 'payment-signature': [one, two] }), ...refused })
  await expectRefusal({ stack, send: () => sendRaw({ 'payment-signature': [one, one] }), ...refused })
  await expectRefusal({
    stack,
    send: () => sendRaw({ 'payment-signature': one, 'x-payment': two }),
    ...refused,
  })
})

type Case = readonly [name: string, payment: () => Promise<unknown>, code: string, param?: string]

const OFFERS: readonly Case[] = [
  [
    'of another chain',
    async () => withField(await exact(), 'accepted.network', 'eip155:8453'),
    'offer_mismatch',
    'accepted.network',
  ],
  [
    'of another token',
    async () => withField(await exact(), 'accepted.asset', ELSEWHERE),
    'offer_mismatch',
    'accepted.asset',
  ],
  [
    'with another token in its permit',
    () => upto({ token: ELSEWHERE }),
    'offer_mismatch',
    'payload.permit2Authorization.permitted.token',
  ],
  [
    'to another recipient, as accepted',
    async () => withField(await exact(), 'accepted.payTo', ELSEWHERE),
    'offer_mismatch',
    'accepted.payTo',
  ],
  [
    'to another recipient, as signed',
    () => exact({ authorization: { to: ELSEWHERE } }),
    'offer_mismatch',
    'payload.authorization.to',
  ],
  [
    'to another recipient, as witnessed',
    () => upto({ to: ELSEWHERE }),
    'offer_mismatch',
    'payload.permit2Authorization.witness.to',
  ],
  [
    'of another amount, as accepted',
    async () => withField(await exact(), 'accepted.amount', '1'),
    'offer_mismatch',
    'accepted.amount',
  ],
  [
    'of a smaller amount, as signed',
    () => exact({ authorization: { valueAtomic: 1n } }),
    'offer_mismatch',
    'payload.authorization.value',
  ],
  [
    'of a larger amount, as signed',
    () => exact({ authorization: { valueAtomic: 10n ** 9n } }),
    'offer_mismatch',
    'payload.authorization.value',
  ],
  [
    'with another timeout',
    async () => withField(await exact(), 'accepted.maxTimeoutSeconds', 99_999),
    'offer_mismatch',
    'accepted.maxTimeoutSeconds',
  ],
  [
    'naming another domain',
    async () => withField(await exact(), 'accepted.extra.name', 'USD Coin'),
    'offer_mismatch',
    'accepted.extra.name',
  ],
  [
    'signed over another domain name',
    () => exact({ asset: { ...stack.usdc, eip712: { name: 'USD Coin', version: '2' } } }),
    'signature_invalid',
  ],
  [
    'signed over another chain id',
    () => exact({ asset: { ...stack.usdc, network: 'eip155:8453' } }),
    'signature_invalid',
  ],
  [
    'signed over another contract',
    () => exact({ asset: { ...stack.usdc, address: ELSEWHERE } }),
    'signature_invalid',
  ],
  ['in the name of somebody else', () => exact({ authorization: { from: ELSEWHERE } }), 'signature_invalid'],
  ['that has expired', () => exact({ authorization: { validBefore: seconds() - 1 } }), 'payment_expired'],
  [
    'that expires before it can be settled',
    () => exact({ authorization: { validBefore: seconds() + 3 } }),
    'payment_validity_too_short',
  ],
  [
    'that is valid only later',
    () => exact({ authorization: { validAfter: seconds() + 3_600 } }),
    'payment_not_yet_valid',
  ],
  ['whose permit has expired', () => upto({ deadline: seconds() - 2 }), 'payment_expired'],
  [
    'whose permit ends before a long call would',
    () => upto({ deadline: seconds() + 700 }),
    'payment_validity_too_short',
  ],
  [
    'with the high s of its EIP-3009 signature',
    async () => {
      const payment = await exact()
      return withField(payment, 'payload.signature', highS(String(payment.payload['signature'])))
    },
    'signature_malleable',
  ],
  [
    'with the high s of its permit',
    async () => {
      const payment = await upto()
      return withField(payment, 'payload.signature', highS(String(payment.payload['signature'])))
    },
    'signature_malleable',
  ],
  [
    'with the high s of its voucher',
    async () => {
      const payment = await voucher()
      const { signature } = payment.payload['voucher'] as { signature: string }
      return withField(payment, 'payload.voucher.signature', highS(signature))
    },
    'signature_malleable',
  ],
  [
    'whose voucher was signed by somebody else',
    async () => {
      const payment = await voucher()
      return withField(payment, 'payload.voucher.signature', (await exact()).payload['signature'])
    },
    'signature_invalid',
  ],
  [
    'whose channel pays somebody else',
    async () => withField(await voucher(), 'payload.channelConfig.receiver', ELSEWHERE),
    'offer_mismatch',
    'payload.channelConfig.receiver',
  ],
  [
    'whose channel id is not that of its config',
    async () => withField(await voucher(), 'payload.voucher.channelId', `0x${'ab'.repeat(32)}`),
    'offer_mismatch',
    'payload.voucher.channelId',
  ],
  [
    'without a quote',
    async () => withField(await exact(), 'accepted.extra.quote', undefined),
    'quote_missing',
  ],
  [
    'with a forged quote',
    async () => exact({ offer: withField(await offer('exact'), 'extra.quote', 'A'.repeat(180)) }),
    'quote_forged',
  ],
  [
    'with a quote of which one letter was changed',
    async () => {
      const accepted = await offer('exact')
      const token = String(accepted.extra['quote'])
      return exact({
        offer: withField(accepted, 'extra.quote', `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}`),
      })
    },
    'quote_forged',
  ],
  [
    'with a quote that has expired',
    () => withQuote((quote) => ({ ...quote, expiresAtMs: Date.now() - 1 })),
    'quote_expired',
  ],
  [
    'with a quote for another body',
    async () => exact({ offer: await offer('exact', chatBody()) }),
    'quote_mismatch',
  ],
  [
    'with a quote for another path',
    () =>
      withQuote((quote) => ({
        ...quote,
        requestHash: hashRequest({
          method: 'POST',
          path: '/v1/embeddings',
          body: Buffer.from(BODY),
          secret: SECRET,
        }),
      })),
    'quote_mismatch',
  ],
]

test.each(OFFERS.map(([name, make, code, param]) => ({ name, make, code, param })))(
  'a payment $name is asked for anew',
  async ({ make, code, param }) => {
    const payment = await make()
    await expectRefusal({
      stack,
      send: () => sendPaid({ stack, body: BODY, payment }),
      status: 402,
      code,
      ...(param === undefined ? {} : { param }),
    })
  },
)

const NUMBERS = ['', ' 5 ', '0x10', '-1', '1e30', '007', '1.5', `1${'0'.repeat(60)}`, 5, null]

test.each(NUMBERS)('the amount %j is no amount, wherever it stands in a payment', async (number) => {
  const refused = { status: 400, code: 'payment_malformed' }
  const [one, two, three] = [await exact(), await upto(), await voucher()]
  const payments = [
    [withField(one, 'accepted.amount', number), 'accepted.amount'],
    [withField(one, 'payload.authorization.value', number), 'payload.authorization.value'],
    [
      withField(two, 'payload.permit2Authorization.permitted.amount', number),
      'payload.permit2Authorization.permitted.amount',
    ],
    [withField(three, 'payload.voucher.maxClaimableAmount', number), 'payload.voucher.maxClaimableAmount'],
  ] as const
  for (const [payment, param] of payments) {
    await expectRefusal({ stack, send: () => sendPaid({ stack, body: BODY, payment }), ...refused, param })
  }
})
