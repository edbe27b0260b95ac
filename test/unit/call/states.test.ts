import { expect, test } from 'vitest'
import { CALL_STATES } from '../../../src/call/states.ts'
import type { CallState } from '../../../src/call/types.ts'

test('every state of a call says what is durable and what a restart does with it', () => {
  const states: Record<CallState, true> = {
    forwarding: true,
    captured: true,
    released: true,
    signed: true,
    seen: true,
    final: true,
    'written-off': true,
  }
  const named = CALL_STATES.map(({ state }) => state)
  expect(named.filter((state) => state !== 'funding').toSorted()).toEqual(Object.keys(states).toSorted())
  for (const row of CALL_STATES) expect(row.write && row.next && row.afterCrash).toBeTruthy()
})
