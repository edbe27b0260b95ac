import { USUAL_FEE_WEI } from '../chain/blocks.ts'
import { ASSETS } from '../setup.ts'
import type { Step } from './step.ts'

/** What the chain and its RPC do. */
export const CHAIN_STEPS = {
  block: ({ simulated, scheduler }) =>
    simulated.blocks.mine({ timestamp: Math.floor(scheduler.nowMs() / 1_000) }),
  reorganise: ({ simulated, scheduler, random }) => {
    const depth = random.integer(1, 10)
    simulated.blocks.reorganise({ depth, forget: random.pick([0, 30, 100]) })
    const timestamp = Math.floor(scheduler.nowMs() / 1_000)
    for (let mined = 0; mined <= depth; mined += 1)
      simulated.blocks.mine({ timestamp, share: random.pick([0, 50, 100]) })
  },
  drop: ({ simulated: { blocks }, random }) => {
    const waiting = [...blocks.mempool.keys()]
    if (waiting.length > 0) blocks.mempool.delete(random.pick(waiting))
  },
  congestion: (world) => {
    world.minedShare = world.random.pick([30, 70, 100])
  },
  /** An issuer begins to take a fee of every transfer, or stops. */
  tokenFee: ({ simulated, random, scheduler, feesSinceMs }) => {
    const { feeBps } = simulated.blocks.state
    const { address } = random.pick(ASSETS)
    if (feeBps.has(address)) feeBps.delete(address)
    else feeBps.set(address, random.pick([1n, 19n]))
    feesSinceMs.set(address, scheduler.nowMs())
  },
  fees: ({ simulated: { blocks }, random }) => {
    blocks.market.feeWei = USUAL_FEE_WEI * random.pick([1n, 4n, 100n])
  },
  stall: (world) => {
    world.isMining = !world.isMining
  },
  rpc: ({ simulated, random }) => {
    simulated.mood.failing = random.pick([0, 25, 60])
  },
} as const satisfies Record<string, Step>
