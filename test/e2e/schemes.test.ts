import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Asset, Scheme } from '../../src/payment/types.ts'
import { chargeFor, chatBody, FEE_PICO_USD, post, readAnswer } from '../support/chat.ts'
import { startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'

let stack: Stack

beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const CASES = (['batch-settlement', 'upto', 'exact'] as const).flatMap((scheme) =>
  (['USDC', 'USDT'] as const).map((symbol) => ({ scheme, symbol })),
)

const assetOf = (symbol: string): Asset => (symbol === 'USDC' ? stack.usdc : stack.usdt)
const feeOf = (scheme: Scheme) => (scheme === 'batch-settlement' ? 0n : FEE_PICO_USD)

test.each(CASES)(
  'a stock client pays $scheme in $symbol, streamed and whole, and is charged for the tokens used',
  async ({ scheme, symbol }) => {
    const asset = assetOf(symbol)
    const payer = await stack.newPayer()
    const { pay, statuses } = stockPayer({ stack, payer, scheme, asset })
    const upstreamCalls = stack.provider.calls()

    for (const stream of [false, true]) {
      const answer = await readAnswer(await pay(stack.chatUrl, post(chatBody({ stream }))))
      expect(statuses()).toEqual([402, 200])
      expect(answer.text.length).toBeGreaterThan(50)
      expect(answer.turnpike.asset).toBe(asset.address)
      const charge = chargeFor({ usage: answer.usage, feePicoUsd: feeOf(scheme) })
      expect(BigInt(answer.turnpike.charge)).toBe(charge)
      expect(charge).toBeLessThan(BigInt(answer.turnpike.ceiling))
      expect(answer.receipt?.extra?.chargedAmount).toBe(charge.toString())
      expect(answer.receipt?.payer.toLowerCase()).toBe(payer.address)
    }
    expect(stack.provider.calls() - upstreamCalls).toBe(2)
  },
)

test('after all of that the ledger keeps its invariants and equals the chain', async () => {
  const compared = await stack.expectCleanBooks()
  expect(compared.channels).toBe(2)
  // Two deposits, four upto settlements, four exact payments, and two settles of the claims at the least.
  expect(compared.transfers).toBeGreaterThanOrEqual(12)
})
