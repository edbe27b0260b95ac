import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { Scheme } from '../../src/payment/types.ts'
import { chatBody, post, readAnswer, readError } from './chat.ts'
import { type ScriptedProvider, soldByScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { startStack, type Stack, type StackOptions } from './start-stack.ts'
import { stockPayer } from './stock-payer.ts'
import { signFor } from './wire-payment.ts'

/**
 * One stack for all attacks of a file. However they went, in the end the books keep every invariant and equal the chain.
 *
 * @returns the stack, once the tests run.
 */
export function useAttackedStack(options: StackOptions = {}): () => Stack {
  let stack: Stack | undefined
  beforeAll(async () => {
    stack = await startStack(options)
  })
  afterEach(() => {
    stack?.provider.setFaults()
    stack?.proxy.restore()
  })
  afterAll(async () => {
    try {
      await stack?.expectCleanBooks()
    } finally {
      await stack?.close()
    }
  })
  return () => {
    if (!stack) throw new Error('The stack is not up yet.')
    return stack
  }
}

/** The same with a provider of the test's own for one model (scripted-provider). */
export function useLyingProvider(): { stack: () => Stack; scripted: () => ScriptedProvider } {
  let scripted: ScriptedProvider | undefined
  beforeAll(async () => {
    scripted = await startScriptedProvider()
  })
  afterAll(() => scripted?.close())
  const theScripted = () => {
    if (!scripted) throw new Error('The provider is not up yet.')
    return scripted
  }
  const stack = useAttackedStack({ overrides: (world) => soldByScriptedProvider(theScripted())(world) })
  return { stack, scripted: theScripted }
}

/** What all calls together have been charged, in atomic units: both tokens of the dev chain have six decimals. */
export async function chargedSoFar(stack: Stack): Promise<bigint> {
  const rows = await stack.app.trialBalance()
  const revenue = rows.filter(({ account, ledger }) => account === 'revenue:unsettled' && ledger !== 'usd')
  return revenue.reduce((sum, { balance }) => sum - balance, 0n)
}

/** Runs an attack and counts what it made us do and what it was charged. */
export async function countDuring<Value>({
  stack,
  attack,
}: {
  stack: Stack
  attack: () => Promise<Value>
}): Promise<{ value: Value; upstreamCalls: number; charged: bigint; rpcMethods: readonly string[] }> {
  const callsBefore = stack.provider.calls()
  const chargedBefore = await chargedSoFar(stack)
  const { value, methods } = await stack.proxy.count(attack)
  return {
    value,
    upstreamCalls: stack.provider.calls() - callsBefore,
    charged: (await chargedSoFar(stack)) - chargedBefore,
    rpcMethods: methods,
  }
}

/** A payment by the stock client for a body of its own, not sent yet. `isOpen`: on a channel that has money already. */
export async function newPayment({
  stack,
  scheme,
  isOpen = false,
  body = chatBody(),
}: {
  stack: Stack
  scheme: Scheme
  isOpen?: boolean
  body?: string
}) {
  const payer = await stack.newPayer()
  const stock = stockPayer({ stack, payer, scheme })
  if (isOpen) await readAnswer(await stock.pay(stack.chatUrl, post(chatBody())))
  return { body, payment: await signFor({ stack, client: stock.client, body }), stock, payer }
}

/** How a payment is refused that has bought its call, or is buying it. */
const SPENT = ['payment_in_flight', 'payment_already_used', 'settlement_pending']

/** Demands that a payment that came again was told so, and not asked to pay anew: a client would pay twice. */
export async function expectSpent(response: Response): Promise<void> {
  expect(response.status).toBe(409)
  const { code, next } = await readError(response)
  expect(SPENT).toContain(code)
  expect(next).not.toBe('')
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(response.headers.get('payment-required')).toBeNull()
}
