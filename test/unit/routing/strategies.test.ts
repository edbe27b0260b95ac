import { expect, test } from 'vitest'
import { compareStrategies } from '../../bench/routing/strategies.ts'

test('every strategy is the best of the four on its own axis, over the same requests', () => {
  const { winners, byStrategy } = compareStrategies({ calls: 320 })
  expect(winners).toEqual({
    balanced: 'balanced',
    cost: 'cost',
    latency: 'latency',
    availability: 'availability',
  })
  for (const { answered } of Object.values(byStrategy)) expect(answered).toBeGreaterThan(0.95)
})
