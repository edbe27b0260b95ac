import { expect, test } from 'vitest'
import { memoryStore } from '../../../src/client/channel/channel-store.ts'
import { payingFetch } from '../../../src/client/paying-fetch.ts'
import type { Hex } from '../../../src/payment/types.ts'
import { withExtra } from './change-receipt.ts'
import { ask, URL_OF_CALLS } from './fake-server/ask.ts'
import { createFakeServer } from './fake-server/create-fake-server.ts'
import { account, CEILING, stranger, TERMS } from './fake-server/terms.ts'
import { LIES_IN_DEMANDS } from './lying-servers/in-demands.ts'
import { LIES_IN_RECEIPTS } from './lying-servers/in-receipts.ts'
import { LIES_IN_TERMS } from './lying-servers/in-terms.ts'
import { LIES_IN_TRANSPORT } from './lying-servers/in-transport.ts'
import type { Lie } from './lying-servers/lie.ts'
import { watchedWallet } from './watched-wallet.ts'

const ROWS: readonly Lie[] = [...LIES_IN_DEMANDS, ...LIES_IN_TERMS, ...LIES_IN_RECEIPTS, ...LIES_IN_TRANSPORT]

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
  let lies = row.honestCalls === undefined
  let channelId: string | undefined
  const server = createFakeServer({
    terms: () => (lies ? { ...TERMS, ...row.terms } : TERMS),
    ...row.server,
  })
  const ask402 = () => server.fetch(URL_OF_CALLS, ask())
  const { wallet, signedAway, deposits } = watchedWallet()
  let requests = 0
  let toOthers = 0
  const pay = payingFetch(wallet, {
    salt: `0x${(0xf000 + row.index).toString(16).padStart(64, '0')}`,
    ...row.options,
    fetch: (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      const isPaid = new Headers(init?.headers).has('payment-signature')
      if (new URL(url).host !== new URL(URL_OF_CALLS).host) toOthers += 1
      const answer = () => server.fetch(input, init)
      requests += 1
      return lies && row.between ? row.between({ isPaid, url, channelId, answer, ask402 }) : answer()
    },
  })
  for (let count = 0; count < (row.honestCalls ?? 0); count += 1) {
    await (await pay(URL_OF_CALLS, ask())).text()
  }
  channelId = (await pay.channels())[0]?.channelId
  lies = true
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
