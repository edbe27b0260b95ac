import { expect, test } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { chargedSoFar, countDuring, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { stockPayer } from '../../support/stock-payer.ts'

const stack = useAttackedStack({ overrides: { sweepMs: 3_600_000 } })
const client = () => devClient({ rpcUrl: stack().rpcUrl })

/** Calls on credit by as many payers, none of them settled by the time it ends. */
async function serveCalls(count: number) {
  return countDuring({
    stack: stack(),
    attack: () =>
      Promise.all(
        Array.from({ length: count }, async () => {
          const { pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'upto' })
          return pay
        }),
      ).then(async (pays) => {
        stack().proxy.setOverride(({ method }) =>
          method === 'eth_estimateGas' ? { error: { code: -32_005, message: 'limit' } } : undefined,
        )
        const answers = await Promise.all(
          pays.map(async (pay) => readAnswer(await pay(stack().chatUrl, post(chatBody())))),
        )
        stack().proxy.restore()
        return answers.reduce((sum, { turnpike }) => sum + BigInt(turnpike.charge), 0n)
      }),
  })
}

const uptoStates = async () =>
  (await stack().app.listTransactions())
    .filter(({ purpose }) => purpose.kind === 'upto')
    .map(({ state }) => state)

test('transactions that the chain has dropped are sent again, in order, and nothing is lost or paid twice', async () => {
  const { value, upstreamCalls, charged } = await serveCalls(3)
  expect(upstreamCalls).toBe(3)
  expect(charged).toBe(value)
  await client().setAutomine(false)
  await stack().app.settleNow()
  expect(await uptoStates()).toEqual(['signed', 'signed', 'signed'])
  await client().request({ method: 'anvil_dropAllTransactions', params: [] } as never)
  await client().setAutomine(true)
  await stack().settleUntilQuiet()
  expect(await uptoStates()).toEqual(['final', 'final', 'final'])
  expect(await chargedSoFar(stack())).toBe(charged)
})

test('a fee that jumps a thousandfold loses nothing: the backlog drains, each charge once', async () => {
  const before = (await uptoStates()).length
  const { value, upstreamCalls, charged } = await serveCalls(2)
  expect(upstreamCalls).toBe(2)
  expect(charged).toBe(value)
  const { baseFeePerGas } = await client().getBlock()
  const usual = baseFeePerGas ?? 1n
  await client().setAutomine(false)
  await stack().app.settleNow()
  // What was signed for the usual fee fits into no block any more.
  await client().setNextBlockBaseFeePerGas({ baseFeePerGas: usual * 1_000n })
  await client().mine({ blocks: 1 })
  await stack().app.settleNow()
  expect((await uptoStates()).slice(0, 2)).toEqual(['signed', 'signed'])
  await client().setNextBlockBaseFeePerGas({ baseFeePerGas: usual })
  await client().setAutomine(true)
  await client().mine({ blocks: 1 })
  await stack().settleUntilQuiet()
  const states = await uptoStates()
  expect(states.length - before).toBe(2)
  expect(new Set(states)).toEqual(new Set(['final']))
  expect(await chargedSoFar(stack())).toBeGreaterThanOrEqual(charged)
})
