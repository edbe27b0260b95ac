import { expect, test } from 'vitest'
import { encodePaymentRequired, type PaymentRequired } from '../../../src/payment/payment-required.ts'
import { payingFetch, type PayingFetchOptions } from '../../../src/client/paying-fetch.ts'
import type { TypedData } from '../../../src/client/wallet.ts'
import type { Receipt } from '../../../src/payment/receipt.ts'
import type { Hex, Offer } from '../../../src/payment/types.ts'
import {
  account,
  ask,
  type Behaviour,
  CEILING,
  createFakeServer,
  stranger,
  TERMS,
  URL_OF_CALLS,
} from './fake-server.ts'

/**
 * What a server may try, one row each: the client stops, says why by a stable code, and has signed away no more than the
 * row allows. What is signed away is the highest voucher of each channel and every transfer; deposits lie in a channel
 * of the payer's own and are counted apart.
 */
type Row = {
  readonly lie: string
  readonly server?: Behaviour
  /** Stands between client and server. `isPaid` tells whether the request carries a payment. */
  readonly between?: (exchange: Exchange) => Promise<Response>
  readonly options?: PayingFetchOptions
  /** Calls before the one that is looked at. */
  readonly honestCalls?: number
  /** Switches the lie on after the honest calls, where the server's own behaviour lies. */
  readonly starts?: () => void
  /** The error's `rule` or `fault`, or the status of the answer that the caller gets. */
  readonly verdict: string | number
  /** Signed away by the call that is looked at. */
  readonly most: bigint
  /** Deposits signed in all. */
  readonly deposits?: number
}

type Exchange = {
  readonly isPaid: boolean
  readonly index: number
  readonly url: string
  readonly answer: () => Promise<Response>
}

/** Adds up what a wallet has put its name to. */
function watchedWallet() {
  const vouchers = new Map<unknown, bigint>()
  let transfers = 0n
  const deposits: bigint[] = []
  const note = ({ primaryType, message }: TypedData) => {
    if (primaryType === 'Voucher') {
      const { channelId, maxClaimableAmount } = message as { channelId: Hex; maxClaimableAmount: bigint }
      const highest = vouchers.get(channelId) ?? 0n
      if (maxClaimableAmount > highest) vouchers.set(channelId, maxClaimableAmount)
    } else if (primaryType === 'ReceiveWithAuthorization') deposits.push(message['value'] as bigint)
    else if (primaryType === 'TransferWithAuthorization') transfers += message['value'] as bigint
    else if (primaryType === 'PermitWitnessTransferFrom') {
      transfers += (message['permitted'] as { amount: bigint }).amount
    } else throw new Error(`something else was signed: ${primaryType}`)
  }
  return {
    wallet: {
      address: account.address,
      signTypedData(data: TypedData) {
        note(data)
        return account.signTypedData(data)
      },
    },
    signedAway: () => [...vouchers.values()].reduce((sum, max) => sum + max, transfers),
    deposits,
  }
}

const changedReceipt =
  (change: (receipt: Receipt) => Receipt) =>
  (receipt: Receipt, index: number): Receipt =>
    index === 0 ? receipt : change(receipt)
const withExtra = (receipt: Receipt, extra: object): Receipt => ({
  ...receipt,
  extra: { ...receipt.extra, ...extra },
})
const withState = (receipt: Receipt, state: object): Receipt =>
  withExtra(receipt, { channelState: { ...(receipt.extra?.['channelState'] as object), ...state } })

/** A 402 with its offers changed. */
const changed = (change: (offer: Offer) => Offer) => (required: PaymentRequired) => ({
  ...required,
  accepts: required.accepts.map(change),
})
async function demandLike(
  exchange: Exchange,
  change: (required: PaymentRequired) => PaymentRequired,
): Promise<Response> {
  const response = await exchange.answer()
  const header = response.headers.get('payment-required')
  if (header === null) return response
  const required = JSON.parse(Buffer.from(header, 'base64').toString()) as PaymentRequired
  const headers = { 'payment-required': encodePaymentRequired(change(required)) }
  return Response.json({}, { status: 402, headers })
}

const CORRECTIVE = 'invalid_batch_settlement_evm_cumulative_amount_mismatch'
const corrective =
  (state: object, more: object = {}) =>
  (required: PaymentRequired): PaymentRequired => ({
    ...required,
    error: CORRECTIVE,
    accepts: required.accepts.map((offer, index) =>
      index === 0
        ? {
            ...offer,
            ...more,
            extra: { ...offer.extra, channelState: { channelId: currentChannel, ...state } },
          }
        : offer,
    ),
  })
let currentChannel: string | undefined
let fresh402: (() => Promise<Response>) | undefined
/** Answers the payment with a 402 of the server's own making. */
const answer402 = async (exchange: Exchange, change: (required: PaymentRequired) => PaymentRequired) =>
  exchange.isPaid && fresh402 ? demandLike({ ...exchange, answer: fresh402 }, change) : exchange.answer()

let terms = TERMS
const withTerms = (changes: Partial<typeof TERMS>) => ({
  server: { terms: () => terms },
  honestCalls: 1,
  starts: () => {
    terms = { ...TERMS, ...changes }
  },
})
const STRANGER = stranger.address.toLowerCase() as Hex

const ROWS: readonly Row[] = [
  {
    lie: 'a second, dearer 402 after the payment',
    between: (exchange) =>
      answer402(
        exchange,
        changed((offer) => ({ ...offer, amount: '900000' })),
      ),
    verdict: 402,
    most: CEILING,
  },
  {
    lie: 'a 402 for every payment, without end',
    between: (exchange) => answer402(exchange, (required) => required),
    verdict: 402,
    most: CEILING,
  },
  {
    lie: 'corrective 402s without end',
    between: (exchange) =>
      answer402(exchange, corrective({ balance: '1000000', chargedCumulativeAmount: '0' })),
    honestCalls: 1,
    verdict: 402,
    most: CEILING,
  },
  {
    lie: 'a corrective 402 that also asks for a dearer call',
    between: (exchange) =>
      answer402(
        exchange,
        corrective({ balance: '1000000', chargedCumulativeAmount: '0' }, { amount: '900000' }),
      ),
    honestCalls: 1,
    verdict: 402,
    most: CEILING,
  },
  {
    lie: 'a corrective 402 with a sum that was never signed',
    between: (exchange) =>
      answer402(exchange, corrective({ balance: '1000000', chargedCumulativeAmount: '900000' })),
    honestCalls: 1,
    verdict: 'forged_proof',
    most: CEILING,
  },
  {
    lie: 'a corrective 402 that denies the deposit',
    between: (exchange) => answer402(exchange, corrective({ balance: '0', chargedCumulativeAmount: '0' })),
    honestCalls: 1,
    verdict: 402,
    most: CEILING,
    deposits: 1,
  },
  {
    lie: 'another recipient for a known server',
    ...withTerms({ payTo: STRANGER }),
    verdict: 'recipient',
    most: 0n,
  },
  {
    lie: 'another authorizer of claims for a known server',
    ...withTerms({ receiverAuthorizer: STRANGER }),
    verdict: 'recipient',
    most: 0n,
  },
  {
    lie: 'another delay of withdrawals for a known server',
    ...withTerms({ withdrawDelaySeconds: 172_800 }),
    verdict: 'recipient',
    most: 0n,
  },
  {
    lie: 'a delay of withdrawals of thirty days',
    server: { terms: () => ({ ...TERMS, withdrawDelaySeconds: 2_592_000, schemes: ['batch-settlement'] }) },
    verdict: 'withdraw_delay',
    most: 0n,
  },
  {
    lie: 'another token',
    between: (exchange) =>
      demandLike(
        exchange,
        changed((offer) => ({ ...offer, asset: STRANGER })),
      ),
    verdict: 'asset',
    most: 0n,
  },
  {
    lie: 'another network',
    between: (exchange) =>
      demandLike(
        exchange,
        changed((offer) => ({ ...offer, network: 'eip155:1' })),
      ),
    options: { networks: ['eip155:84532'] },
    verdict: 'network',
    most: 0n,
  },
  {
    lie: 'a ceiling above the cap of a call',
    server: { ceilingPicoUsd: 1_000_001_000_000n },
    verdict: 'max_per_call',
    most: 0n,
  },
  {
    lie: 'an announced deposit far above the policy',
    server: { terms: () => ({ ...TERMS, minDepositPicoUsd: 1_000_000_000_000_000n }) },
    verdict: 200,
    most: CEILING,
    deposits: 1,
  },
  {
    lie: 'a deposit that is denied in every receipt',
    server: {
      changeReceipt: (receipt) => withState({ ...receipt, transaction: '' }, { balance: '0' }),
    },
    honestCalls: 1,
    verdict: 200,
    most: CEILING,
    deposits: 1,
  },
  {
    lie: 'a balance higher than all deposits',
    server: { changeReceipt: (receipt) => withState(receipt, { balance: '999999999' }) },
    honestCalls: 1,
    verdict: 200,
    most: CEILING,
    deposits: 1,
  },
  {
    lie: 'a charge above the ceiling',
    server: { changeReceipt: changedReceipt((receipt) => withExtra(receipt, { chargedAmount: '10001' })) },
    honestCalls: 1,
    verdict: 'charge_above_ceiling',
    most: CEILING,
  },
  {
    lie: 'more charged in all than was signed',
    server: {
      changeReceipt: changedReceipt((receipt) => withState(receipt, { chargedCumulativeAmount: '900000' })),
    },
    honestCalls: 1,
    verdict: 'charged_above_signed',
    most: CEILING,
  },
  {
    lie: 'more charged in all than its receipts say, though no more than was signed',
    server: {
      changeReceipt: (receipt) => withState(receipt, { chargedCumulativeAmount: '9999' }),
    },
    honestCalls: 1,
    verdict: 'channel_stopped',
    most: 0n,
  },
  {
    lie: 'the receipt of another channel',
    server: {
      changeReceipt: changedReceipt((receipt) => withState(receipt, { channelId: `0x${'ab'.repeat(32)}` })),
    },
    honestCalls: 1,
    verdict: 'foreign_channel',
    most: CEILING,
  },
  {
    lie: 'the receipt of another payer',
    server: { changeReceipt: changedReceipt((receipt) => ({ ...receipt, payer: stranger.address })) },
    honestCalls: 1,
    verdict: 'foreign_payer',
    most: CEILING,
  },
  {
    lie: 'the receipt of another network',
    server: { changeReceipt: changedReceipt((receipt) => ({ ...receipt, network: 'eip155:8453' })) },
    honestCalls: 1,
    verdict: 'foreign_network',
    most: CEILING,
  },
  {
    lie: 'the receipt of another call',
    server: { changeReceipt: changedReceipt((receipt) => withExtra(receipt, { callId: 'call_77' })) },
    honestCalls: 1,
    verdict: 'foreign_call',
    most: CEILING,
  },
  {
    lie: 'a receipt that is none',
    between: async (exchange) => {
      const response = await exchange.answer()
      if (exchange.isPaid) response.headers.set('payment-response', '%%%')
      return response
    },
    verdict: 'malformed',
    most: CEILING,
  },
  {
    lie: 'no receipt, and no word of the call either',
    server: { forgetsReceipt: () => true },
    between: (exchange) =>
      exchange.url.includes('/v1/calls/')
        ? Promise.resolve(Response.json({}, { status: 404 }))
        : exchange.answer(),
    verdict: 200,
    most: CEILING,
  },
  {
    lie: '409 for ever',
    between: (exchange) =>
      exchange.isPaid
        ? Promise.resolve(Response.json({}, { status: 409, headers: { 'x-call-id': 'call_1' } }))
        : exchange.answer(),
    verdict: 409,
    most: CEILING,
  },
  {
    lie: 'a redirect of the payment to another host',
    between: (exchange) =>
      exchange.isPaid
        ? Promise.resolve(Response.redirect('http://elsewhere.test/v1/chat/completions', 307))
        : exchange.answer(),
    verdict: 'redirected',
    most: CEILING,
  },
  {
    lie: 'a 402 that comes from another host than was asked',
    between: async (exchange) => {
      const response = await exchange.answer()
      Object.defineProperty(response, 'url', { value: 'http://elsewhere.test/v1/chat/completions' })
      return response
    },
    verdict: 'host',
    most: 0n,
  },
  {
    lie: 'one price in the header and another in the body',
    between: async (exchange) => {
      const response = await exchange.answer()
      if (response.status !== 402) return response
      const header = response.headers.get('payment-required') ?? ''
      const { accepts } = JSON.parse(Buffer.from(header, 'base64').toString()) as PaymentRequired
      const exact = accepts.find(({ scheme }) => scheme === 'exact')
      const shown = { ...exact, network: 'base-sepolia', maxAmountRequired: '1' }
      const body = { x402Version: 1, accepts: [shown] }
      return Response.json(body, { status: 402, headers: { 'payment-required': header } })
    },
    verdict: 'offers_disagree',
    most: 0n,
  },
  {
    lie: 'a header of a megabyte',
    between: (exchange) =>
      demandLike(exchange, (required) => ({ ...required, error: 'x'.repeat(1_000_000) })),
    verdict: 402,
    most: 0n,
  },
  {
    lie: 'a header that nests a hundred thousand deep',
    between: () => {
      const header = Buffer.from('['.repeat(40_000)).toString('base64')
      return Promise.resolve(Response.json({}, { status: 402, headers: { 'payment-required': header } }))
    },
    verdict: 402,
    most: 0n,
  },
  {
    lie: 'offers of amounts that are none',
    between: (exchange) =>
      demandLike(
        exchange,
        changed((offer) => ({ ...offer, amount: '-10000' })),
      ),
    verdict: 402,
    most: 0n,
  },
]

test('there are at least sixteen lies', () => {
  expect(new Set(ROWS.map(({ lie }) => lie)).size).toBe(ROWS.length)
  expect(ROWS.length).toBeGreaterThanOrEqual(16)
})

async function verdictOf(answer: Promise<Response>): Promise<string | number> {
  try {
    const response = await answer
    await response.text()
    return response.status
  } catch (error) {
    const { rule, fault } = error as { rule?: string; fault?: string }
    const code = rule ?? fault
    if (code === undefined) throw error
    return code
  }
}

test.each(ROWS.map((row, index) => ({ ...row, index })))('$lie: $verdict', async (row) => {
  terms = TERMS
  const server = createFakeServer(row.server)
  const { wallet, signedAway, deposits } = watchedWallet()
  let lies = row.honestCalls === undefined
  let requests = 0
  let toOthers = 0
  fresh402 = () => server.fetch(URL_OF_CALLS, ask())
  const pay = payingFetch(wallet, {
    salt: `0x${(0xf000 + row.index).toString(16).padStart(64, '0')}`,
    ...row.options,
    fetch: (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      const isPaid = new Headers(init?.headers).has('payment-signature')
      if (new URL(url).host !== new URL(URL_OF_CALLS).host) toOthers += 1
      const answer = () => server.fetch(input, init)
      const index = requests
      requests += 1
      return lies && row.between ? row.between({ isPaid, index, url, answer }) : answer()
    },
  })
  for (let count = 0; count < (row.honestCalls ?? 0); count += 1) {
    await (await pay(URL_OF_CALLS, ask())).text()
  }
  currentChannel = (await pay.channels())[0]?.channelId
  lies = true
  row.starts?.()
  const before = signedAway()
  requests = 0
  expect(await verdictOf(pay(URL_OF_CALLS, ask()))).toBe(row.verdict)
  expect(signedAway() - before).toBeLessThanOrEqual(row.most)
  expect(toOthers).toBe(0)
  // One question for the price, one payment, at most two corrections, and nothing more.
  expect(requests).toBeLessThanOrEqual(4)
  expect(deposits.length).toBeLessThanOrEqual(row.deposits ?? 1)
  expect(deposits.reduce((sum, amount) => sum + amount, 0n)).toBeLessThanOrEqual(5_000_000n)
})

test('a charge above the price that was asked for beforehand is no receipt for it', async () => {
  const server = createFakeServer({
    changeReceipt: (receipt) => withExtra(receipt, { chargedAmount: (CEILING + 1n).toString() }),
  })
  const { wallet, signedAway } = watchedWallet()
  const pay = payingFetch(wallet, { fetch: server.fetch, salt: `0x${'e1'.repeat(32)}` })
  await pay('http://fake.test/v1/quotes', ask({ stream: false }))
  expect(await verdictOf(pay(URL_OF_CALLS, ask({ stream: false })))).toBe('charge_above_ceiling')
  expect([server.seen.unpaid, signedAway()]).toEqual([0, CEILING])
})

test('a channel that was stopped stays stopped in the next process of the same store, and its money can go back', async () => {
  const { memoryStore } = await import('../../../src/client/channel-store.ts')
  const store = memoryStore()
  const salt: Hex = `0x${'e2'.repeat(32)}`
  let lies = false
  const server = createFakeServer({
    changeReceipt: (receipt) => (lies ? { ...receipt, payer: stranger.address } : receipt),
  })
  const first = payingFetch(account, { fetch: server.fetch, store, salt })
  await (await first(URL_OF_CALLS, ask())).text()
  lies = true
  expect(await verdictOf(first(URL_OF_CALLS, ask()))).toBe('foreign_payer')
  const second = payingFetch(account, { fetch: server.fetch, store, salt })
  expect(await verdictOf(second(URL_OF_CALLS, ask()))).toBe('channel_stopped')
  lies = false
  expect(await second.refund(URL_OF_CALLS)).toMatchObject({ amountAtomic: expect.any(BigInt) as bigint })
})
