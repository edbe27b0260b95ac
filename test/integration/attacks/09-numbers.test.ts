import { beforeAll, expect, test } from 'vitest'
import { useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, MODEL } from '../../support/chat.ts'
import { expectRefusal, withField } from '../../support/refusals.ts'
import type { Payer } from '../../support/start-stack.ts'
import {
  encodeBase64,
  exactPayment,
  offerFor,
  sendPaid,
  uptoPayment,
  voucherPayment,
} from '../../support/wire-payment.ts'

const stack = useAttackedStack()
let payer: Payer
const BODY = chatBody({ question: 'What never gets an answer?' })

beforeAll(async () => {
  payer = await stack().newPayer()
})

const offer = (scheme: 'exact' | 'upto' | 'batch-settlement') =>
  offerFor({ stack: stack(), body: BODY, scheme })
const exact = async () => exactPayment({ offer: await offer('exact'), payer, asset: stack().usdc })
const upto = async () => uptoPayment({ offer: await offer('upto'), payer })
const voucher = async () => {
  const accepted = await offer('batch-settlement')
  return voucherPayment({ offer: accepted, payer, maxAtomic: 2n * BigInt(accepted.amount) })
}

/** What `BigInt` or `Number` would take in one way or another, and what no amount can be. */
const NUMBERS = [
  '',
  ' 5 ',
  '0x10',
  '-1',
  '+1',
  '1e30',
  '007',
  '1.5',
  '٣',
  `1${'0'.repeat(60)}`,
  5,
  null,
  [],
  {},
]

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
    await expectRefusal({
      stack: stack(),
      send: () => sendPaid({ stack: stack(), body: BODY, payment }),
      ...refused,
      param,
    })
  }
})

const plain = (fields: string) => `{"model":"${MODEL}","messages":[{"role":"user","content":"hi"}]${fields}}`

const CAPS: readonly (readonly [name: string, body: string, param: string])[] = [
  ['""', chatBody({ max_tokens: '' }), 'max_tokens'],
  ['" 5 "', chatBody({ max_tokens: ' 5 ' }), 'max_tokens'],
  ['"0x10"', chatBody({ max_tokens: '0x10' }), 'max_tokens'],
  ['-1', chatBody({ max_tokens: -1 }), 'max_tokens'],
  ['-0.5', chatBody({ max_tokens: -0.5 }), 'max_tokens'],
  ['1e30', plain(`,"max_tokens":1e30`), 'max_tokens'],
  ['1e400', plain(`,"max_tokens":1e400`), 'max_tokens'],
  ['1.5', chatBody({ max_tokens: 1.5 }), 'max_tokens'],
  ['0 choices', chatBody({ n: 0 }), 'n'],
  ['1,000 choices', chatBody({ n: 1_000 }), 'n'],
]

test.each(CAPS)('a cap of %s is refused, paid or not', async (_name, body, param) => {
  const payment = encodeBase64(await exact())
  for (const headers of [{}, { 'payment-signature': payment }]) {
    await expectRefusal({
      stack: stack(),
      send: () => fetch(stack().chatUrl, { method: 'POST', headers, body }),
      status: 400,
      code: 'invalid_field',
      param,
    })
  }
})

test('a nonce and a time that are no numbers are no payment', async () => {
  const [one, two] = [await exact(), await upto()]
  const payments = [
    [withField(one, 'payload.authorization.validBefore', '1e10'), 'payload.authorization.validBefore'],
    [withField(one, 'payload.authorization.nonce', '0x1'), 'payload.authorization.nonce'],
    [withField(two, 'payload.permit2Authorization.nonce', '-1'), 'payload.permit2Authorization.nonce'],
    [withField(two, 'payload.permit2Authorization.deadline', 'NaN'), 'payload.permit2Authorization.deadline'],
  ] as const
  for (const [payment, param] of payments) {
    await expectRefusal({
      stack: stack(),
      send: () => sendPaid({ stack: stack(), body: BODY, payment }),
      status: 400,
      code: 'payment_malformed',
      param,
    })
  }
  expect(stack().provider.calls()).toBe(0)
})
