import { beforeEach, expect, test } from 'vitest'
import { payingFetch, type PayingFetchOptions } from '../../../src/client/paying-fetch.ts'
import { voucherData } from '../../../src/client/wire/typed-data.ts'
import type { PaymentRequired } from '../../../src/payment/payment-required.ts'
import type { Hex } from '../../../src/payment/types.ts'
import { withExtra, withState } from './change-receipt.ts'
import { ask, URL_OF_CALLS } from './fake-server/ask.ts'
import type { Behaviour } from './fake-server/behaviour.ts'
import { createFakeServer } from './fake-server/create-fake-server.ts'
import { account, stranger, TERMS, USDC } from './fake-server/terms.ts'

/** Each test has channels of its own: paying fetches of one process know of one another's. */
let salt: Hex
let salts = 0
beforeEach(() => {
  salts += 1
  salt = `0x${salts.toString(16).padStart(64, '0')}`
})

type Lie = { readonly name: string; readonly behaviour: Behaviour; readonly error: object }

const RECEIPT_LIES: Lie[] = [
  {
    name: 'a charge above the ceiling',
    behaviour: { changeReceipt: (receipt) => withExtra(receipt, { chargedAmount: '10001' }) },
    error: { name: 'ReceiptError', fault: 'charge_above_ceiling' },
  },
  {
    name: 'the receipt of another channel',
    behaviour: { changeReceipt: (receipt) => withState(receipt, { channelId: `0x${'ab'.repeat(32)}` }) },
    error: { name: 'ReceiptError', fault: 'foreign_channel' },
  },
  {
    name: 'the receipt of another payer',
    behaviour: { changeReceipt: (receipt) => ({ ...receipt, payer: stranger.address }) },
    error: { name: 'ReceiptError', fault: 'foreign_payer' },
  },
  {
    name: 'more charged in all than was ever signed',
    behaviour: { changeReceipt: (receipt) => withState(receipt, { chargedCumulativeAmount: '10001' }) },
    error: { name: 'ReceiptError', fault: 'charged_above_signed' },
  },
  {
    name: 'a charge that is no amount',
    behaviour: { changeReceipt: (receipt) => withExtra(receipt, { chargedAmount: 3_000 }) },
    error: { name: 'ReceiptError', fault: 'malformed' },
  },
  {
    name: 'a negative charge',
    behaviour: { changeReceipt: (receipt) => withExtra(receipt, { chargedAmount: '-1' }) },
    error: { name: 'ReceiptError', fault: 'malformed' },
  },
  {
    name: 'no charge at all',
    behaviour: { changeReceipt: (receipt) => ({ ...receipt, extra: {} }) },
    error: { name: 'ReceiptError', fault: 'malformed' },
  },
]

for (const stream of [false, true]) {
  test.each(RECEIPT_LIES)(
    `$name is refused in a receipt (stream: ${stream}), and the channel is not used again`,
    async ({ behaviour, error }) => {
      const server = createFakeServer({
        ...behaviour,
        // The header at the start of a deposit's stream is true; the comment at its end lies.
        changeReceipt: (receipt, index) =>
          stream && receipt.transaction !== '' && receipt.extra?.['chargedAmount'] === '0'
            ? receipt
            : (behaviour.changeReceipt?.(receipt, index) ?? receipt),
      })
      const pay = payingFetch(account, { fetch: server.fetch, salt })
      const answer = pay(URL_OF_CALLS, ask({ stream })).then((response) => response.text())
      await expect(answer).rejects.toMatchObject(error)
      const paid = server.seen.paid
      await expect(pay(URL_OF_CALLS, ask({ stream }))).rejects.toMatchObject({ fault: 'channel_stopped' })
      expect(server.seen.paid).toBe(paid)
      expect((await pay.channels())[0]?.stopped).toBeTypeOf('string')
      expect(pay.spent().reservedUsd).toBe('0.01')
    },
  )
}

/** A second process of the same wallet, which has to be corrected: what it is told is changed. */
async function correctedWith(
  change: (extra: Record<string, unknown>, channelId: Hex) => object | Promise<object>,
) {
  let lie: ((required: PaymentRequired) => PaymentRequired) | undefined
  const server = createFakeServer({ changeDemand: (required) => lie?.(required) ?? required })
  await (await payingFetch(account, { fetch: server.fetch, salt })(URL_OF_CALLS, ask())).text()
  const [channelId] = server.channels.keys()
  if (!channelId) throw new Error('no channel')
  const changed = await change({}, channelId)
  lie = (required) =>
    required.error === undefined
      ? required
      : {
          ...required,
          accepts: required.accepts.map((offer, index) =>
            index === 0 ? { ...offer, extra: merged(offer.extra, changed) } : offer,
          ),
        }
  const pay = payingFetch(account, { fetch: server.fetch, salt })
  return { server, pay, answer: pay(URL_OF_CALLS, ask()) }
}

const merged = (extra: Readonly<Record<string, unknown>>, changed: object) => ({
  ...extra,
  ...Object.fromEntries(
    Object.entries(changed).map(([key, value]) => [
      key,
      value === undefined ? undefined : { ...(extra[key] as object), ...(value as object) },
    ]),
  ),
})

const signedBy = (wallet: typeof account, { channelId, maxAtomic }: { channelId: Hex; maxAtomic: bigint }) =>
  wallet.signTypedData(voucherData({ channelId, maxAtomic, network: USDC.network }))

test('a corrective is refused whose voucher another wallet signed', async () => {
  const { answer, server } = await correctedWith(async (_extra, channelId) => ({
    voucherState: {
      signedMaxClaimable: '900000',
      signature: await signedBy(stranger, { channelId, maxAtomic: 900_000n }),
    },
    channelState: { chargedCumulativeAmount: '900000' },
  }))
  await expect(answer).rejects.toMatchObject({ fault: 'forged_proof' })
  expect(server.seen.paid).toBe(2)
})

test('a corrective is refused whose sum is above the voucher that it shows', async () => {
  const { answer } = await correctedWith(() => ({ channelState: { chargedCumulativeAmount: '10001' } }))
  await expect(answer).rejects.toMatchObject({ fault: 'forged_proof' })
})

test('a corrective is refused whose good signature is for another sum', async () => {
  const { answer } = await correctedWith(async (_extra, channelId) => ({
    voucherState: {
      signedMaxClaimable: '900000',
      signature: await signedBy(account, { channelId, maxAtomic: 10_000n }),
    },
    channelState: { chargedCumulativeAmount: '900000' },
  }))
  await expect(answer).rejects.toMatchObject({ fault: 'forged_proof' })
})

test('a corrective without a voucher is refused where it names more than this process has signed', async () => {
  const { answer } = await correctedWith(() => ({
    voucherState: undefined,
    channelState: { chargedCumulativeAmount: '10001' },
  }))
  await expect(answer).rejects.toMatchObject({ fault: 'forged_proof' })
})

test('a server that corrects without end gets three vouchers, none above what is due, and then the caller its 402', async () => {
  const { answer, server, pay } = await correctedWith(() => ({
    channelState: { chargedCumulativeAmount: '0', charged: '0' },
  }))
  const response = await answer
  expect([response.status, server.seen.correctives, pay.spent().reservedUsd]).toEqual([402, 3, '0'])
  expect((await pay.channels())[0]).toMatchObject({ outAtomic: 0n })
})

type Refusal = {
  readonly name: string
  readonly behaviour?: Behaviour
  readonly options: PayingFetchOptions
  readonly error: object
}

const REFUSALS: Refusal[] = [
  {
    name: 'a price above the cap of one call',
    options: { maxPerCallUsd: '0.004' },
    error: { rule: 'max_per_call', limitUsd: '0.004', askedUsd: '0.01', excessUsd: '0.006' },
  },
  {
    name: 'a price above the default cap of $1',
    behaviour: { ceilingPicoUsd: 1_000_001_000_000n },
    options: {},
    error: { rule: 'max_per_call', limitUsd: '1', excessUsd: '0.000001' },
  },
  {
    name: 'a recipient that is not allowed',
    options: { recipients: [stranger.address] },
    error: { rule: 'recipient' },
  },
  { name: 'a host that is not allowed', options: { hosts: ['other.test'] }, error: { rule: 'host' } },
  {
    name: 'a network that is not allowed',
    options: { networks: ['eip155:8453'] },
    error: { rule: 'network' },
  },
  { name: 'a token that is not allowed', options: { assets: [] }, error: { rule: 'asset' } },
  {
    name: 'a scheme that is not allowed',
    behaviour: { terms: () => ({ ...TERMS, schemes: ['exact'] }) },
    options: { schemes: ['batch-settlement'] },
    error: { rule: 'scheme' },
  },
  {
    name: 'a total above its cap',
    options: { maxTotalUsd: 0.009 },
    error: { rule: 'max_total', excessUsd: '0.001' },
  },
  {
    name: 'a deposit above its cap',
    behaviour: { ceilingPicoUsd: 6_000_000_000_000n },
    options: { maxPerCallUsd: 10 },
    error: { rule: 'max_deposit', limitUsd: '5', askedUsd: '6', excessUsd: '1' },
  },
]

test.each(REFUSALS)(
  '$name is refused before anything is signed',
  async ({ behaviour = {}, options, error }) => {
    const server = createFakeServer(behaviour)
    let signatures = 0
    const wallet = {
      address: account.address,
      signTypedData: (data: Parameters<typeof account.signTypedData>[0]) => {
        signatures += 1
        return account.signTypedData(data)
      },
    }
    const pay = payingFetch(wallet, { fetch: server.fetch, ...options })
    await expect(pay(URL_OF_CALLS, ask())).rejects.toMatchObject({ name: 'SpendRefusedError', ...error })
    expect([signatures, server.seen.paid, pay.spent().reservedUsd]).toEqual([0, 0, '0'])
  },
)

test('an announced deposit above $5 is cut to $5', async () => {
  const server = createFakeServer({ terms: () => TERMS_ASKING_20 })
  const pay = payingFetch(account, { fetch: server.fetch, salt })
  await (await pay(URL_OF_CALLS, ask())).text()
  expect((await pay.channels())[0]).toMatchObject({ balanceAtomic: 5_000_000n })
})
const TERMS_ASKING_20 = { ...TERMS, minDepositPicoUsd: 20_000_000_000_000n }

test.each([
  { name: 'payTo', terms: { ...TERMS, payTo: stranger.address.toLowerCase() as Hex } },
  {
    name: 'receiverAuthorizer',
    terms: { ...TERMS, receiverAuthorizer: stranger.address.toLowerCase() as Hex },
  },
  { name: 'withdrawDelay', terms: { ...TERMS, withdrawDelaySeconds: 172_800 } },
])('a known server that changes $name is not given another channel', async ({ terms }) => {
  let current = TERMS
  const server = createFakeServer({ terms: () => current })
  const pay = payingFetch(account, { fetch: server.fetch, salt })
  await (await pay(URL_OF_CALLS, ask())).text()
  current = terms
  await expect(pay(URL_OF_CALLS, ask())).rejects.toMatchObject({
    name: 'SpendRefusedError',
    rule: 'recipient',
  })
  expect(server.seen.paid).toBe(1)
  expect(pay.spent().reservedUsd).toBe('0')
  const other = payingFetch(account, { fetch: server.fetch, salt: `0x${'01'.repeat(32)}` })
  expect((await other(URL_OF_CALLS, ask())).status).toBe(200)
})

test('a charge above the ceiling that a lost call is said to have stops the channel', async () => {
  const server = createFakeServer({ forgetsReceipt: () => true, chargeOf: () => 10_001n })
  const pay = payingFetch(account, { fetch: server.fetch, salt })
  await (await pay(URL_OF_CALLS, ask())).text()
  await expect
    .poll(() => pay.channels().then(([channel]) => channel?.stopped), { timeout: 3_000 })
    .toContain('10001')
  await expect(pay(URL_OF_CALLS, ask())).rejects.toMatchObject({ fault: 'channel_stopped' })
})
