import { expect } from 'vitest'
import type { ErrorAnswer } from './chat.ts'
import type { Stack } from './start-stack.ts'

/** Where no dev account and no contract is. */
export const ELSEWHERE = '0x00000000000000000000000000000000000000ee'

/** A copy with one field set; `path` in dots. */
export function withField<Value>(value: Value, path: string, field: unknown): Value {
  const copy = structuredClone(value)
  const names = path.split('.')
  const last = names.pop() ?? ''
  let at = copy as Record<string, unknown>
  for (const name of names) at = at[name] as Record<string, unknown>
  at[last] = field
  return copy
}

/** Sends, and demands of every refusal what callers and SDKs rely on; nothing may have been bought or moved. */
export async function expectRefusal({
  stack,
  send,
  status,
  code,
  param,
}: {
  stack: Stack
  send: () => Promise<Response>
  status: number
  code: string
  param?: string
}): Promise<void> {
  const before = await booksAndCalls(stack)
  const response = await send()
  const { error } = (await response.json()) as ErrorAnswer
  expect({ status: response.status, code: error.code }).toEqual({ status, code })
  if (param !== undefined) expect(error.param).toBe(param)
  expect(error.param === null || typeof error.param === 'string').toBe(true)
  expect(error.message.length).toBeGreaterThan(10)
  expect(error.next.length).toBeGreaterThan(10)
  expect(error.type).toMatch(/^(invalid_request_error|payment_required)$/)
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(response.headers.get('cache-control')).toBe('private, no-store')
  expect(response.headers.get('x-should-retry')).toBe('false')
  // Only what another payment can mend asks for one.
  expect(response.headers.has('payment-required')).toBe(status === 402)
  expect(response.headers.has('payment-response')).toBe(false)
  expect(await booksAndCalls(stack)).toEqual(before)
}

/** What a refusal must leave as it is. */
export const booksAndCalls = async (stack: Stack) => ({
  upstreamCalls: stack.provider.calls(),
  transactions: (await stack.app.listTransactions()).length,
  balances: await stack.app.trialBalance(),
})
