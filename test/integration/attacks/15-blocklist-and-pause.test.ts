import { afterEach, expect, test } from 'vitest'
import { blocklistUsdc, blocklistUsdt, pauseUsdc, pauseUsdt } from '../../../src/dev/chain/token-owner.ts'
import type { Address } from '../../../src/payment/types.ts'
import { countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { sendPaid } from '../../support/wire-payment.ts'

// Only the test's own passes settle.
const stack = useAttackedStack({ overrides: { sweepMs: 3_600_000 } })

/** What an issuer can do to stop a payer, ourselves, or everybody. */
const STOPS = {
  'blocks the payer': (payer: Address, blocked: boolean) => block(payer, blocked),
  'blocks our own address': (_: Address, blocked: boolean) => block(stack().world.payTo, blocked),
  'pauses the token': async (_: Address, paused: boolean) => {
    await pauseUsdc({ rpcUrl: stack().rpcUrl, paused })
    await pauseUsdt({ rpcUrl: stack().rpcUrl, paused })
  },
} as const

async function block(address: Address, blocked: boolean): Promise<void> {
  await blocklistUsdc({ rpcUrl: stack().rpcUrl, address, blocked })
  await blocklistUsdt({ rpcUrl: stack().rpcUrl, address, blocked })
}

let undo: (() => Promise<void>) | undefined
afterEach(async () => {
  await undo?.()
  undo = undefined
})

async function stop(name: keyof typeof STOPS, payer: Address): Promise<void> {
  await STOPS[name](payer, true)
  undo = () => STOPS[name](payer, false)
}

const sentNow = async () => (await stack().app.listTransactions()).length

// USDT looks only at who sends: its list does not keep money from reaching us.
const CASES: readonly { name: keyof typeof STOPS; symbol: 'USDC' | 'USDT' }[] = [
  { name: 'blocks the payer', symbol: 'USDC' },
  { name: 'blocks the payer', symbol: 'USDT' },
  { name: 'blocks our own address', symbol: 'USDC' },
  { name: 'pauses the token', symbol: 'USDT' },
]

test.each(CASES)(
  'an issuer that $name between call and settlement costs us no gas, and the charge comes in when it lets go ($symbol)',
  async ({ name, symbol }) => {
    const payer = await stack().newPayer()
    const asset = symbol === 'USDC' ? stack().usdc : stack().usdt
    const { pay } = stockPayer({ stack: stack(), payer, scheme: 'upto', asset })
    // The wake that follows the call finds a chain that cannot be asked: settlement waits for us.
    stack().proxy.setOverride(({ method }) =>
      method === 'eth_estimateGas' ? { error: { code: -32_005, message: 'limit' } } : undefined,
    )
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: async () => readAnswer(await pay(stack().chatUrl, post(chatBody()))),
    })
    expect(upstreamCalls).toBe(1)
    expect(charged).toBe(BigInt(value.turnpike.charge))
    await stop(name, payer.address)
    stack().proxy.restore()
    const before = await sentNow()
    for (let pass = 0; pass < 3; pass += 1) await stack().app.settleNow({ everything: true })
    expect(await sentNow()).toBe(before)
    const call = async () =>
      (await (await fetch(`${stack().app.url}/v1/calls/${value.callId}`)).json()) as { state: string }
    expect((await call()).state).toBe('captured')
    await undo?.()
    undo = undefined
    await stack().settleUntilQuiet()
    expect((await call()).state).toBe('final')
  },
)

test.each(['exact', 'batch-settlement'] as const)(
  'a blocked payer buys nothing with a %s payment, whose money could not arrive',
  async (scheme) => {
    const { body, payment, payer } = await newPayment({ stack: stack(), scheme })
    await stop('blocks the payer', payer.address)
    const before = await sentNow()
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: () => sendPaid({ stack: stack(), body, payment }),
    })
    expect(value.status).toBe(402)
    expect(await readError(value)).toMatchObject({ reason: 'address_blocked' })
    expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
    expect(await sentNow()).toBe(before)
  },
)
