import { expect, test } from 'vitest'
import type { CallDependencies } from '../../../src/call/dependencies.ts'
import { recordCall } from '../../../src/call/serve/record.ts'
import type { Capture, FinishedCall } from '../../../src/call/types.ts'
import { BASE_SEPOLIA_USDC } from '../../../src/payment/tokens/assets.ts'
import { captureOf, NETWORK, payerNamed } from '../../support/calls.ts'

const finished = {
  admission: { holds: [] },
  capture: captureOf('call_1'),
  payment: {
    kind: 'exact',
    x402Version: 2,
    network: NETWORK,
    asset: BASE_SEPOLIA_USDC,
    payer: payerNamed('a'),
    valueAtomic: 1_000n,
    ceilingAtomic: 1_000n,
  },
} as unknown as FinishedCall

function databaseThat(failures: readonly unknown[]) {
  const left = [...failures]
  const tried: Capture[] = []
  let sleptMs = 0
  const dependencies = {
    store: {
      capture: async (capture: Capture) => {
        tried.push(capture)
        if (left.length > 0) throw left.shift()
        return { capture }
      },
    },
    clock: {
      sleep: async (durationMs: number) => {
        sleptMs += durationMs
      },
    },
    reach: () => undefined,
    wake: () => undefined,
  } as unknown as CallDependencies
  return { dependencies, tried, sleptMs: () => sleptMs }
}

test('a database that is away for seconds loses no charge', async () => {
  const away = new Error('Connection terminated')
  const database = databaseThat([away, away, away])
  const recorded = await recordCall({ finished, dependencies: database.dependencies })
  expect(recorded.receipt?.extra).toEqual({ chargedAmount: '300' })
  expect(database.tried).toEqual([finished.capture, finished.capture, finished.capture, finished.capture])
  expect(database.sleptMs()).toBeLessThan(5_000)
})

test('a value that no database takes is not tried again', async () => {
  const database = databaseThat([new RangeError('totalMs')])
  await expect(recordCall({ finished, dependencies: database.dependencies })).rejects.toThrow('totalMs')
  expect(database.tried).toHaveLength(1)
})

test('a database that stays away is an error in the end', async () => {
  const database = databaseThat(Array.from({ length: 100 }, () => new Error('gone')))
  await expect(recordCall({ finished, dependencies: database.dependencies })).rejects.toThrow('gone')
  expect(database.sleptMs()).toBeGreaterThan(30_000)
})
