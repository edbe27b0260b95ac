import { afterAll, beforeAll, expect, test } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { NETWORK, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'

const SCHEMES = ['batch-settlement', 'upto', 'exact'] as const

let stack: Stack
beforeAll(async () => {
  // Blocks become final five blocks later, so that money is always somewhere on its way.
  stack = await startStack({
    overrides: (world) => ({
      networks: [{ network: NETWORK, rpcUrls: [world.chain.rpcUrl], finality: { kind: 'depth', blocks: 5 } }],
      sweepMs: 100,
    }),
  })
})
afterAll(() => stack.close())

async function payEach(): Promise<void> {
  for (const scheme of SCHEMES) {
    for (const asset of [stack.usdc, stack.usdt]) {
      const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme, asset })
      await readAnswer(await pay(stack.chatUrl, post(chatBody())))
    }
  }
}

test('while money is moving and blocks are not final yet, nothing is called a difference', async () => {
  let isPaying = true
  let passes = 0
  const watch = async () => {
    while (isPaying) {
      const { differences } = await stack.app.reconcile()
      expect(differences).toEqual([])
      passes += 1
    }
  }
  const paying = payEach().finally(() => (isPaying = false))
  await Promise.all([paying, watch()])
  expect(passes).toBeGreaterThan(5)
  const open = (await stack.app.listTransactions()).filter(({ state }) => state !== 'final')
  expect(open.length).toBeGreaterThan(0)
})

test('when all is final both sides agree to the unit, and every log has been compared', async () => {
  const chain = devClient({ rpcUrl: stack.rpcUrl })
  for (let round = 0; round < 6; round += 1) {
    await stack.app.settleNow({ everything: true })
    await chain.mine({ blocks: 6 })
  }
  const compared = await stack.expectCleanBooks()
  expect(compared).toMatchObject({ balances: 4, channels: 2 })
  // Per token: a deposit and its claim and settle, an upto, an exact, and no log twice.
  expect(compared.transfers).toBeGreaterThanOrEqual(10)
})
