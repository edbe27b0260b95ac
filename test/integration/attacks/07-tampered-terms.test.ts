import { beforeAll, expect, test } from 'vitest'
import { useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { ELSEWHERE, expectRefusal, withField } from '../../support/refusals.ts'
import type { Payer } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import {
  exactPayment,
  highS,
  offerFor,
  sendPaid,
  uptoPayment,
  voucherPayment,
} from '../../support/wire-payment.ts'

const stack = useAttackedStack()
let payer: Payer
/** Asked again and again, never served: every payment below is for this body unless it says otherwise. */
const BODY = chatBody({ question: 'What never gets an answer?' })

beforeAll(async () => {
  payer = await stack().newPayer()
  // A channel with money, so that a bad voucher has something to lose.
  const { pay } = stockPayer({ stack: stack(), payer, scheme: 'batch-settlement' })
  await readAnswer(await pay(stack().chatUrl, post(chatBody())))
  await stack().settleUntilQuiet()
})

const offer = (scheme: 'exact' | 'upto' | 'batch-settlement', body = BODY) =>
  offerFor({ stack: stack(), body, scheme })
const exact = async (over: Partial<Parameters<typeof exactPayment>[0]> = {}) =>
  exactPayment({ offer: await offer('exact'), payer, asset: stack().usdc, ...over })
const upto = async (over: Partial<Parameters<typeof uptoPayment>[0]> = {}) =>
  uptoPayment({ offer: await offer('upto'), payer, ...over })
const voucher = async () => {
  const accepted = await offer('batch-settlement')
  return voucherPayment({ offer: accepted, payer, maxAtomic: 2n * BigInt(accepted.amount) })
}

test('what is changed below is good where it is not changed: all three hand-made payments buy a call', async () => {
  const body = chatBody()
  const accepted = {
    exact: await offer('exact', body),
    upto: await offer('upto', body),
    channel: await offer('batch-settlement', body),
  }
  const payments = [
    exactPayment({ offer: accepted.exact, payer, asset: stack().usdc }),
    uptoPayment({ offer: accepted.upto, payer }),
    voucherPayment({ offer: accepted.channel, payer, maxAtomic: 2n * BigInt(accepted.channel.amount) }),
  ]
  for (const payment of payments) {
    expect((await readAnswer(await sendPaid({ stack: stack(), body, payment }))).text).not.toBe('')
  }
  await stack().settleUntilQuiet()
})

type Case = readonly [name: string, payment: () => Promise<unknown>, code: string, param?: string]

const CASES: readonly Case[] = [
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
    () => exact({ asset: { ...stack().usdc, eip712: { name: 'USD Coin', version: '2' } } }),
    'signature_invalid',
  ],
  [
    'signed over another chain id',
    () => exact({ asset: { ...stack().usdc, network: 'eip155:8453' } }),
    'signature_invalid',
  ],
  [
    'signed over another contract',
    () => exact({ asset: { ...stack().usdc, address: ELSEWHERE } }),
    'signature_invalid',
  ],
  ['in the name of somebody else', () => exact({ authorization: { from: ELSEWHERE } }), 'signature_invalid'],
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
    'whose channel is authorised to claim by somebody else',
    async () => withField(await voucher(), 'payload.channelConfig.receiverAuthorizer', ELSEWHERE),
    'offer_mismatch',
    'payload.channelConfig.receiverAuthorizer',
  ],
  [
    'whose channel holds another token',
    async () => withField(await voucher(), 'payload.channelConfig.token', ELSEWHERE),
    'offer_mismatch',
    'payload.channelConfig.token',
  ],
  [
    'whose channel gives us no time to claim',
    async () => withField(await voucher(), 'payload.channelConfig.withdrawDelay', 60),
    'offer_mismatch',
    'payload.channelConfig.withdrawDelay',
  ],
]

test.each(CASES.map(([name, make, code, param]) => ({ name, make, code, param })))(
  'a payment $name is asked for anew',
  async ({ make, code, param }) => {
    const payment = await make()
    await expectRefusal({
      stack: stack(),
      send: () => sendPaid({ stack: stack(), body: BODY, payment }),
      status: 402,
      code,
      ...(param === undefined ? {} : { param }),
    })
  },
)
