import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { post } from '../../support/chat.ts'
import { type OrderBody, orderV1, orderV2 } from '../../support/facilitator-orders.ts'
import { useFacilitator } from '../../support/facilitator-world.ts'
import { NETWORK } from '../../support/start-stack.ts'

const world = useFacilitator()

test('it pays those who may be paid, for those who have its token, within its rate', async () => {
  const token = 'a token of this test, of thirty-two characters'
  const environment = {
    TURNPIKE_FACILITATOR_PAY_TO: `${world.seller},0x${'12'.repeat(20)}`,
    TURNPIKE_FACILITATOR_ACCESS_TOKEN: token,
    TURNPIKE_FACILITATOR_PER_MINUTE: '2',
  }
  await world.withFacilitator(environment, async ({ url }, payer) => {
    const mine = await orderV2({ payer, asset: world.stack.usdc, payTo: payer.address })
    const good = await orderV2({ payer, asset: world.stack.usdc, payTo: world.seller })
    const ask = (body: OrderBody) => ({
      ...post(JSON.stringify(body)),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    })
    const refused = await fetch(`${url}/verify`, ask(mine))
    expect(await refused.json()).toMatchObject({ isValid: false, invalidReason: 'recipient_not_allowed' })
    const statuses = [401, 401, 429].map(async () => (await world.order('/verify', good, url)).status)
    expect((await Promise.all(statuses)).toSorted()).toEqual([401, 401, 429])
    expect(await (await fetch(`${url}/settle`, ask(good))).json()).toMatchObject({ success: true })
  })
})

test("a day's budget of gas and a cap on its price are kept", async () => {
  const cases = [
    [{ maxPerDayWei: 1n }, 'gas_budget_spent'],
    [{ feeCaps: { maxFeePerGasWei: 1n, maxPriorityFeePerGasWei: 1n } }, 'fee_above_cap'],
  ] as const
  for (const [change, reason] of cases) {
    const networks = world.optionsOf().networks.map((one) => ({ ...one, ...change }))
    await world.withFacilitator(
      {},
      async ({ url }, payer) => {
        for (const asset of [world.stack.usdc, world.stack.usdt]) {
          const body = await orderV2({ payer, asset, payTo: world.seller })
          expect(await world.answerTo('/verify', body, url)).toMatchObject({ isValid: true })
          expect(await world.answerTo('/settle', body, url)).toMatchObject({
            success: false,
            errorReason: reason,
            transaction: '',
          })
        }
      },
      { networks },
    )
  }
})

test('an RPC that is away is no verdict, and a block that does not come is no failure', async () => {
  const { proxy } = world.stack
  const more = {
    networks: world.optionsOf().networks.map((one) => ({ ...one, rpcUrls: [proxy.url] })),
    waitMs: 300,
  }
  await world
    .withFacilitator(
      {},
      async ({ url }, payer) => {
        for (const body of [
          await orderV2({ payer, asset: world.stack.usdc, payTo: world.seller }),
          await orderV2({ payer, asset: world.stack.usdt, payTo: world.seller }),
          await orderV1({ payer, asset: world.stack.usdc, payTo: world.seller }),
        ]) {
          proxy.setMode('drop')
          for (const path of ['/verify', '/settle'] as const) {
            const response = await world.order(path, body, url)
            expect(response.status).toBe(503)
            expect(Object.keys((await response.json()) as object)).toEqual(['error'])
          }
          proxy.restore()
          const before = await world.sentByKey()
          proxy.setOverride(({ method }) =>
            method === 'eth_getTransactionReceipt' ? { result: null } : undefined,
          )
          const pending = await world.answerTo('/settle', body, url)
          expect(pending).toMatchObject({ success: false, transaction: expect.stringMatching(/^0x.{64}$/) })
          proxy.restore()
          const { transaction } = pending
          expect(await world.answerTo('/settle', body, url)).toMatchObject({ success: true, transaction })
          expect((await world.sentByKey()) - before).toBe(1)
        }
      },
      more,
    )
    .finally(proxy.restore)
})

test('the command says where it listens, serves, and ends when it is told to', async () => {
  const child = spawn(process.execPath, ['src/main.ts', 'facilitator', '--json'], {
    cwd: join(import.meta.dirname, '../../..'),
    env: {
      PATH: process.env['PATH'] ?? '',
      TURNPIKE_FACILITATOR_KEY: world.key,
      TURNPIKE_FACILITATOR_PORT: '0',
      TURNPIKE_FACILITATOR_PAY_TO: world.seller,
      TURNPIKE_NETWORKS: NETWORK,
      TURNPIKE_RPC_84532: world.stack.rpcUrl,
    },
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const ready = JSON.parse(line) as { url: string }
  expect(ready).toMatchObject({ event: 'ready', address: world.facilitator.address, networks: [NETWORK] })
  expect((await fetch(`${ready.url}/supported`)).status).toBe(200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('a key that somebody else has in this environment is refused, and so is none', () => {
  for (const name of ['TURNPIKE_SIGNER_KEY', 'TURNPIKE_TILL_KEY', 'TURNPIKE_RECEIVER_AUTHORIZER_KEY'])
    expect(() => world.optionsOf({ [name]: world.key })).toThrow(/a key of its own/)
  expect(() => world.optionsOf({ TURNPIKE_FACILITATOR_KEY: '' })).toThrow(/TURNPIKE_FACILITATOR_KEY/)
})
