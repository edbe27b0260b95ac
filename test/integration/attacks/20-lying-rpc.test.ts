import { encodeAbiParameters } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, readAnswer, readError } from '../../support/chat.ts'
import { offerFor, sendPaid, uptoPayment } from '../../support/wire-payment.ts'

/** The first RPC goes through the proxy and says what the test wants; the second one is honest. */
const stack = useAttackedStack({ hasSecondRpc: true, overrides: { sweepMs: 3_600_000 } })
afterEach(() => stack().proxy.restore())

type Json = Record<string, unknown>

/** What Multicall3 answers where every call has succeeded. */
const encodeMulticall = (words: readonly `0x${string}`[]) =>
  encodeAbiParameters([{ type: 'tuple[]', components: [{ type: 'bool' }, { type: 'bytes' }] }], [
    words.map((word) => [true, word] as const),
  ] as never)

test('a receipt that only one of two RPCs has is no money: nothing is served before the other one has it too', async () => {
  const bought = await newPayment({ stack: stack(), scheme: 'exact' })
  // It hides the receipt, as an RPC does that lags or lies; what the other says alone is not enough.
  stack().proxy.setOverride(({ method }) =>
    method === 'eth_getTransactionReceipt' ? { result: null } : undefined,
  )
  const hidden = new AbortController()
  const asked = countDuring({
    stack: stack(),
    attack: () =>
      sendPaid({ stack: stack(), ...bought, signal: hidden.signal }).then(
        ({ status }) => status,
        () => 'no answer yet',
      ),
  })
  setTimeout(() => hidden.abort(), 1_500)
  const { value, upstreamCalls, charged } = await asked
  expect(value).toBe('no answer yet')
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
})

test('a balance is what the more careful RPC says', async () => {
  const poor = await stack().newPayer({ usdc: 0n })
  const plenty = `0x${(10n ** 12n).toString(16).padStart(64, '0')}` as const
  let lies = 0
  stack().proxy.setOverride(({ method, params }) => {
    const call = (params[0] ?? {}) as Json
    if (method !== 'eth_call' || !JSON.stringify(call).includes(poor.address.slice(2))) return undefined
    lies += 1
    // Two answers of a multicall or one of a token: in either case money that is not there.
    return { result: encodeMulticall([plenty, plenty]) }
  })
  const body = chatBody()
  const offer = await offerFor({ stack: stack(), body, scheme: 'upto' })
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: () => sendPaid({ stack: stack(), body, payment: uptoPayment({ offer, payer: poor }) }),
  })
  expect(lies).toBeGreaterThan(0)
  expect(value.status).toBe(402)
  expect((await readError(value)).code).toBe('insufficient_funds')
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
})

test.each(['html', 'empty', 'drop', 'hang'] as const)(
  'an RPC that answers with %s is passed over: calls are served and settled by the other',
  async (mode) => {
    const bought = await newPayment({ stack: stack(), scheme: 'upto' })
    stack().proxy.setMode(mode)
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: () => sendPaid({ stack: stack(), ...bought }),
    })
    expect(upstreamCalls).toBe(1)
    expect(charged).toBe(BigInt((await readAnswer(value)).turnpike.charge))
    stack().proxy.restore()
    await stack().settleUntilQuiet()
  },
)
