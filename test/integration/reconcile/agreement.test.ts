import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { NETWORK, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'

let stack: Stack
beforeAll(async () => {
  // Blocks become final three blocks later and the settlement looks only when told, so that money is always on its way.
  stack = await startStack({
    overrides: (world) => ({
      networks: [{ network: NETWORK, rpcUrls: [world.chain.rpcUrl], finality: { kind: 'depth', blocks: 3 } }],
      sweepMs: 600_000,
    }),
  })
})
afterAll(async () => {
  vi.useRealTimers()
  await stack.close()
})

const differences = async () => (await stack.app.reconcile()).differences

test('at every step of money on its way, nothing is called a difference, and in the end all of it has been compared', async () => {
  const chain = devClient({ rpcUrl: stack.rpcUrl })
  for (const scheme of ['batch-settlement', 'upto', 'exact'] as const) {
    const { pay, batch } = stockPayer({ stack, payer: await stack.newPayer(), scheme })
    // A dear call: what an exact payment leaves over is worth the till's gas.
    await readAnswer(await pay(stack.chatUrl, post(chatBody({ max_tokens: 16_000, n: 4 }))))
    expect(await differences(), `after an ${scheme} call`).toEqual([])
    if (scheme === 'batch-settlement') await batch.refund(stack.chatUrl)
    expect(await differences(), 'after a refund').toEqual([])
  }
  // Credit belongs to its call for ten seconds; then the till gives it back. Our clock is put forward, and nobody waits.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 })
  const states = new Set<string>()
  for (let step = 0; step < 8; step += 1) {
    // Once to send, once to see.
    for (let pass = 0; pass < 2; pass += 1) {
      await stack.app.settleNow({ everything: true })
      for (const { purpose, state } of await stack.app.listTransactions())
        states.add(`${purpose.kind} ${state}`)
      expect(await differences(), `step ${step}, after a pass of the settlement`).toEqual([])
    }
    // Now final blocks hold what the ledger has not booked yet.
    await chain.mine({ blocks: 2 })
    expect(await differences(), `step ${step}, after more blocks`).toEqual([])
  }
  // It was looked at while some were open, and all kinds occurred, or it proved nothing.
  expect([...states]).toEqual(expect.arrayContaining(['exact seen', 'credit-refund final', 'upto final']))
  const compared = await stack.expectCleanBooks()
  expect(compared).toMatchObject({ balances: 4, channels: 1 })
  // Deposit, claim, refund, settle, upto, exact, and the till's refund: every log once.
  expect(compared.transfers).toBe(7)
})
