import { createTables, type Tables } from '../../support/memory/tables.ts'
import { createSimulatedChain, type SimulatedChain } from './chain/simulated-chain.ts'
import { type Coverage, createCoverage } from './coverage.ts'
import type { Payer } from './drive/payer.ts'
import type { Payment } from './drive/payment.ts'
import { type Faults, planFaults } from './process/faults.ts'
import { type Process, startProcess } from './process/process.ts'
import type { ProviderRun } from './process/provider.ts'
import { createScheduler, type Scheduler } from './process/scheduler.ts'
import { createRandom, type Random } from './random.ts'
import type { Trace } from './trace.ts'
import { fillTill } from './fill-till.ts'
import { BEGIN_MS, LANES, NETWORK, PAY_TO } from './setup.ts'

/** Blocks come every two seconds; where hours pass at once, only so many of them matter. */
const BLOCK_MS = 2_000
const BLOCKS_AT_ONCE = 14
/** The operator looks at its tokens once a minute. */
const NOTICED_MS = 60_000

/** One simulated world: what is durable, what is on chain, who lives, who pays. */
export type World = {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly tables: Tables
  readonly simulated: SimulatedChain
  readonly faults: Faults
  readonly coverage: Coverage
  readonly runs: ProviderRun[]
  readonly payers: Payer[]
  readonly payments: Payment[]
  /** By request id: which payment a call is for. */
  readonly requests: Map<string, { readonly payment: Payment; readonly callId: string }>
  processes: Process[]
  readonly newId: () => string
  readonly begin: () => Process
  /** Ends a process where it stands. */
  readonly end: (process: Process, at: string) => void
  /** Payments of which a client was told to pay again, by the key of what they put on chain; whether it was there by then. */
  readonly denied: Map<string, boolean>
  /** A provider's price of a token of input when a call was planned. */
  readonly pricesOf: Map<string, bigint>
  /** What a price change has multiplied prices by. */
  priceFactor: bigint
  /** When a token's fee was last switched on or off: the operator notices a minute later. */
  readonly feesSinceMs: Map<string, number>
  /** The chain mines by itself, and hints to settle arrive. */
  isMining: boolean
  isWaking: boolean
  /** Of a hundred transactions that could go into a block, so many do. */
  minedShare: number
}

export function createWorld({
  seed,
  coverage = createCoverage(),
  trace,
}: {
  seed: number
  coverage?: Coverage
  trace?: Trace
}): World {
  const random = createRandom(seed)
  let ids = 0
  let minedAtMs = BEGIN_MS
  const newId = () => `id-${String((ids += 1)).padStart(6, '0')}`

  function onTime(nowMs: number): void {
    for (const { beat } of world.processes) beat()
    const due = Math.floor((nowMs - minedAtMs) / BLOCK_MS)
    if (due <= 0) return
    minedAtMs += due * BLOCK_MS
    if (!world.isMining) return
    for (let left = Math.min(due, BLOCKS_AT_ONCE); left > 0; left -= 1)
      mine(Math.floor((minedAtMs - (left - 1) * BLOCK_MS) / 1_000))
  }
  const mine = (timestamp: number) => world.simulated.blocks.mine({ timestamp, share: world.minedShare })

  const kill = (life: Process['life'], at: string) => {
    world.coverage.record(world.tables, `crash ${at}`)
    trace?.(`${scheduler.nowMs() - BEGIN_MS} ${life.id} dies at ${at}`)
    scheduler.kill(life)
    world.processes = world.processes.filter((one) => one.life !== life)
  }
  const faults = planFaults({ random, kill })
  const scheduler = createScheduler({ beginMs: BEGIN_MS, random, onBoundary: faults.boundary, onTime })
  const { nowMs } = scheduler
  const chainSetup = {
    network: NETWORK,
    payTo: PAY_TO,
    lanes: LANES,
    random,
    nowMs,
    isSilent: random.percent(30),
  }
  const requests: World['requests'] = new Map()
  const requestOf = (requestId: string) => {
    const request = requests.get(requestId)
    if (!request) throw new RangeError(`No request ${requestId}`)
    return request
  }

  const world: World = {
    random,
    scheduler,
    tables: createTables(),
    simulated: createSimulatedChain(chainSetup),
    faults,
    coverage,
    runs: [],
    payers: [],
    payments: [],
    requests,
    processes: [],
    newId,
    begin: () => {
      const process = startProcess(newId(), {
        scheduler,
        tables: world.tables,
        simulated: world.simulated,
        faults,
        runs: world.runs,
        fateOf: (requestId) => requestOf(requestId).payment.fate,
        callOf: (requestId) => requestOf(requestId).callId,
        newId,
        isSuspended: ({ asset }) =>
          world.simulated.blocks.state.feeBps.has(asset) &&
          nowMs() - (world.feesSinceMs.get(asset) ?? 0) > NOTICED_MS,
        trace,
        onWake: () => {
          if (world.isWaking) scheduler.start(process.life, () => process.look())
        },
      })
      world.processes.push(process)
      return process
    },
    end: ({ life }, at) => kill(life, at),
    feesSinceMs: new Map(),
    denied: new Map(),
    pricesOf: new Map(),
    priceFactor: 1n,
    isMining: random.percent(85),
    isWaking: random.percent(70),
    minedShare: 100,
  }
  fillTill({ ...world, nowMs: nowMs() })
  return world
}
