import { expect, test } from 'vitest'
import { countDuring, expectSpent, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { readAnswer, readError } from '../../support/chat.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { sendPaid } from '../../support/wire-payment.ts'

const stack = useAttackedStack({ overrides: { sweepMs: 60_000 } })

const SCHEMES = ['batch-settlement', 'upto', 'exact'] as const
type Bought = Pick<Awaited<ReturnType<typeof newPayment>>, 'body' | 'payment'>

/** Sends a payment again: nothing may run, nothing may be charged. */
async function sendAgain(bought: Bought): Promise<Response> {
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: () => sendPaid({ stack: stack(), ...bought }),
  })
  expect(upstreamCalls).toBe(0)
  expect(charged).toBe(0n)
  return value
}

test.each(SCHEMES)('a %s payment sent again is answered with its receipt, settled or not', async (scheme) => {
  const bought = await newPayment({ stack: stack(), scheme })
  const first = await readAnswer(await sendPaid({ stack: stack(), ...bought }))
  for (const look of ['captured', 'final']) {
    if (look === 'final') await stack().settleUntilQuiet()
    const again = await sendAgain(bought)
    expect(again.status, look).toBe(409)
    expect(again.headers.get('x-call-id')).toBe(first.callId)
    expect(again.headers.get('payment-response')).not.toBeNull()
    const error = await readError(again)
    expect(error).toMatchObject({
      code: 'payment_already_used',
      call_id: first.callId,
      charge: first.turnpike.charge,
    })
    expect(error['receipt']).toMatchObject({
      success: true,
      extra: { chargedAmount: first.turnpike.charge },
    })
  }
})

test.each(SCHEMES)('a %s payment whose call runs or was released buys no second one', async (scheme) => {
  const bought = await newPayment({ stack: stack(), scheme })
  stack().provider.setFaults({ headersDelayMs: 300, status: 500 })
  const failing = sendPaid({ stack: stack(), ...bought })
  await waitUntil({ what: 'the call runs', isSo: () => stack().provider.running() === 1 })
  await expectSpent(await sendAgain(bought))
  const failed = await failing
  expect(failed.status).toBe(502)
  const callId = failed.headers.get('x-call-id') ?? ''
  const told = await fetch(`${stack().app.url}/v1/calls/${callId}`)
  expect(await told.json()).toMatchObject({ state: 'released', charge: '0' })
  stack().provider.setFaults()
  await expectSpent(await sendAgain(bought))
})

test('a restart forgets no payment', async () => {
  const bought = await Promise.all(SCHEMES.map((scheme) => newPayment({ stack: stack(), scheme })))
  const answers = await Promise.all(
    bought.map(async (one) => readAnswer(await sendPaid({ stack: stack(), ...one }))),
  )
  await stack().restart()
  for (const [index, one] of bought.entries()) {
    const response = await sendAgain(one)
    expect(await readError(response)).toMatchObject({
      code: 'payment_already_used',
      call_id: answers[index]?.callId,
    })
  }
})
