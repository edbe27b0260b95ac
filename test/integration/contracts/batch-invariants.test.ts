import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { BATCH_SETTLEMENT, USDC } from '../../../src/dev/chain/addresses.ts'
import { channelWorld, WITHDRAW_DELAY_SECONDS } from './channel-world.ts'
import type { Channel, ChannelWorld } from './channel-world.ts'
import { openContractWorld, TEN } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'

let world: ContractWorld
let channels: ChannelWorld
let relayer: DevAccount

beforeAll(async () => {
  world = await openContractWorld()
  channels = channelWorld(world)
  relayer = await world.newAccount()
})
afterAll(() => world.close())

const STEPS = ['deposit', 'claim', 'settle', 'refund', 'initiate', 'finalize', 'wait'] as const
type Step = { step: (typeof STEPS)[number]; which: number; amount: bigint }

const anyStep = fc.record({
  step: fc.constantFrom(...STEPS),
  which: fc.nat(1),
  amount: fc.bigInt(1n, 3_000_000n),
})

/** Does one step; a refusal is an answer like any other, for only the invariants are judged here. */
async function take({ step, which, amount }: Step, all: readonly [Channel, Channel]): Promise<void> {
  const channel = all[which] ?? all[0]
  const nonce = (await channels.read('refundNonce', [channel.id])) as bigint
  const attempts = {
    deposit: async () =>
      channels.write(relayer, 'deposit', await channels.erc3009Deposit({ channel, amount })),
    claim: () => channels.claim({ rows: [{ channel, max: amount, total: amount }], relayer }),
    settle: () => channels.settle({ channel, relayer }),
    refund: () => channels.refund({ channel, amount, nonce, relayer }),
    initiate: () => channels.write(channel.payer, 'initiateWithdraw', [channel.config, amount]),
    finalize: () => channels.write(channel.payer, 'finalizeWithdraw', [channel.config]),
    wait: () => world.passTime(WITHDRAW_DELAY_SECONDS),
  }
  await attempts[step]().catch((error: unknown) => {
    if (!String(error).includes('reverted')) throw error
  })
}

test('whatever order things happen in, the escrow holds exactly what it owes and no money appears', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 12, maxLength: 12 }), async (steps) => {
      const first = await channels.openChannel()
      const all = [first, await channels.openChannel({ like: first })] as const
      const receiver = first.receiver.address
      const elsewhere = await owedElsewhere(all)
      let claimedBefore = 0n
      for (const step of steps) {
        await take(step, all)
        const states = await Promise.all(all.map((channel) => channels.stateOf(channel)))
        const [claimed, settled] = (await channels.read('receivers', [receiver, USDC])) as [bigint, bigint]
        const unclaimed = states.reduce((sum, { balance, totalClaimed }) => sum + balance - totalClaimed, 0n)
        const held = (await world.balanceOf(USDC, BATCH_SETTLEMENT)) - elsewhere
        expect(held).toBe(unclaimed + claimed - settled)
        expect(claimed).toBe(states.reduce((sum, { totalClaimed }) => sum + totalClaimed, 0n))
        expect(claimed).toBeGreaterThanOrEqual(claimedBefore)
        claimedBefore = claimed
        const payers = await Promise.all(all.map(({ payer }) => world.balanceOf(USDC, payer.address)))
        const outside = payers.reduce((sum, balance) => sum + balance, await world.balanceOf(USDC, receiver))
        expect(outside + held).toBe(2n * TEN)
      }
    }),
    { numRuns: 4 },
  )
})

/** What earlier runs left in the escrow: it is there for others, and these channels must not touch it. */
async function owedElsewhere(all: readonly Channel[]): Promise<bigint> {
  const states = await Promise.all(all.map((channel) => channels.stateOf(channel)))
  const own = states.reduce((sum, { balance }) => sum + balance, 0n)
  return (await world.balanceOf(USDC, BATCH_SETTLEMENT)) - own
}
