import { expect, test } from 'vitest'
import { stockWorld } from './stock-server.ts'

const burst = (call: () => Promise<number>, count: number) =>
  Promise.all(Array.from({ length: count }, () => call()))
const served = (count: number) => Array.from({ length: count }, () => 200)
const randomCharge = () => BigInt(Math.floor(Math.random() * 10_001))

test.each([5, 10, 20])(
  '%i parallel calls of an unmodified client on a new channel are all served',
  async (count) => {
    const world = stockWorld({ chargeOf: () => 3_000n })
    expect(await burst(world.call, count)).toEqual(served(count))
    expect(await burst(world.call, count)).toEqual(served(count))
    expect(world.seen.deposits).toBe(1)
    expect(world.state()).toMatchObject({ chargedAtomic: BigInt(count) * 6_000n, heldAtomic: 0n })
  },
)

test('random charges leave client and server in step', async () => {
  const world = stockWorld({ chargeOf: randomCharge })
  expect(await burst(world.call, 10)).toEqual(served(10))
  for (let call = 0; call < 5; call += 1) expect(await world.call()).toBe(200)
})

test('calls that cost nothing can be repeated, though their vouchers are the same bytes', async () => {
  const world = stockWorld({ chargeOf: () => 0n })
  for (let call = 0; call < 3; call += 1) expect(await world.call()).toBe(200)
  expect(world.state()).toMatchObject({ chargedAtomic: 0n, highest: { maxAtomic: 10_000n } })
  expect(world.seen.correctives).toBe(0)
})

test('serial calls with receipts need no corrective at all', async () => {
  const world = stockWorld({ chargeOf: () => 3_000n })
  for (let call = 0; call < 6; call += 1) expect(await world.call()).toBe(200)
  expect(world.seen).toMatchObject({ correctives: 0, deposits: 1 })
})

test('after the deposit, calls without receipts cost one corrective each and no second deposit', async () => {
  const world = stockWorld({ chargeOf: () => 3_000n, withReceipt: false })
  for (let call = 0; call < 4; call += 1) expect(await world.call()).toBe(200)
  // The second call still knows the deposit's receipt; the third and the fourth know nothing newer.
  expect(world.seen).toMatchObject({ correctives: 2, deposits: 1 })
})
