import { beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { countDuring, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, readAnswer } from '../../support/chat.ts'
import { expectRefusal } from '../../support/refusals.ts'
import type { Payer } from '../../support/start-stack.ts'
import { exactPayment, offerFor, sendPaid, uptoPayment } from '../../support/wire-payment.ts'

const stack = useAttackedStack()
let payer: Payer

beforeAll(async () => {
  payer = await stack().newPayer()
})

const now = () => Math.floor(Date.now() / 1_000)

type Times = { readonly validAfter?: number; readonly validBefore?: number; readonly deadline?: number }

async function paymentWith({ validAfter, validBefore, deadline }: Times, body: string) {
  if (deadline !== undefined) {
    return uptoPayment({ offer: await offerFor({ stack: stack(), body, scheme: 'upto' }), payer, deadline })
  }
  const offer = await offerFor({ stack: stack(), body, scheme: 'exact' })
  const times = {
    ...(validAfter === undefined ? {} : { validAfter }),
    ...(validBefore === undefined ? {} : { validBefore }),
  }
  return exactPayment({ offer, payer, asset: stack().usdc, authorization: times })
}

/** A margin of a few seconds on the good side: the test takes time as well. */
const AIR = 5

const REFUSED: readonly (readonly [name: string, times: () => Times, code: string])[] = [
  ['that expired a second ago', () => ({ validBefore: now() - 1 }), 'payment_expired'],
  ['that expired two minutes ago', () => ({ validBefore: now() - 120 }), 'payment_expired'],
  ['that expires at this moment', () => ({ validBefore: now() }), 'payment_expired'],
  [
    'that expires before it can be settled',
    () => ({ validBefore: now() + LIMITS.exactRemainingSeconds - 2 }),
    'payment_validity_too_short',
  ],
  ['that is valid in two minutes', () => ({ validAfter: now() + 120 }), 'payment_not_yet_valid'],
  ['that is valid in an hour', () => ({ validAfter: now() + 3_600 }), 'payment_not_yet_valid'],
  ['whose permit has expired', () => ({ deadline: now() - 2 }), 'payment_expired'],
  [
    'whose permit would end before a long call and its settlement',
    () => ({ deadline: now() + LIMITS.uptoRemainingSeconds - AIR }),
    'payment_validity_too_short',
  ],
  [
    'whose permit ends when the longest call does',
    () => ({ deadline: now() + LIMITS.callSeconds }),
    'payment_validity_too_short',
  ],
]

test.each(REFUSED)('a payment %s is asked for anew', async (_name, times, code) => {
  const body = chatBody()
  const payment = await paymentWith(times(), body)
  await expectRefusal({
    stack: stack(),
    send: () => sendPaid({ stack: stack(), body, payment }),
    status: 402,
    code,
  })
})

const TAKEN: readonly (readonly [name: string, times: () => Times])[] = [
  [
    'with just enough time to be settled',
    () => ({ validBefore: now() + LIMITS.exactRemainingSeconds + AIR }),
  ],
  ['valid for ever', () => ({ validAfter: 0, validBefore: 2 ** 40 })],
  [
    'whose permit outlasts call and settlement',
    () => ({ deadline: now() + LIMITS.uptoRemainingSeconds + AIR }),
  ],
]

test.each(TAKEN)('a payment %s buys a call, which is settled in time', async (_name, times) => {
  const body = chatBody()
  const payment = await paymentWith(times(), body)
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: () => sendPaid({ stack: stack(), body, payment }),
  })
  expect(upstreamCalls).toBe(1)
  expect(charged).toBe(BigInt((await readAnswer(value)).turnpike.charge))
  await stack().settleUntilQuiet()
})

test('what must remain of a permit covers the longest call and some minutes of settlement after it', () => {
  expect(LIMITS.uptoRemainingSeconds).toBeGreaterThanOrEqual(LIMITS.callSeconds + 240)
  expect(LIMITS.uptoTimeoutSeconds).toBeGreaterThan(LIMITS.uptoRemainingSeconds)
})
