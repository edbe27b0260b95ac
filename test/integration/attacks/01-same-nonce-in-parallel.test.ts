import { expect, test } from 'vitest'
import { readAnswer } from '../../support/chat.ts'
import { countDuring, expectSpent, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { sendPaid } from '../../support/wire-payment.ts'

const stack = useAttackedStack()

const CASES = [
  { scheme: 'batch-settlement', isOpen: false },
  { scheme: 'batch-settlement', isOpen: true },
  { scheme: 'upto', isOpen: false },
  { scheme: 'exact', isOpen: false },
] as const

test.each(CASES.flatMap((one) => [2, 50].map((copies) => ({ ...one, copies }))))(
  'one $scheme payment sent $copies times at once (channel open: $isOpen) buys one call, and the others are told so',
  async ({ scheme, copies, isOpen }) => {
    const { body, payment } = await newPayment({ stack: stack(), scheme, isOpen })
    stack().provider.setFaults({ headersDelayMs: 300 })
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: () =>
        Promise.all(Array.from({ length: copies }, () => sendPaid({ stack: stack(), body, payment }))),
    })
    const [served, ...more] = value.filter(({ status }) => status === 200)
    expect(more).toEqual([])
    expect(upstreamCalls).toBe(1)
    for (const response of value) if (response !== served) await expectSpent(response)
    const answer = await readAnswer(served as Response)
    expect(charged).toBe(BigInt(answer.turnpike.charge))
  },
)
