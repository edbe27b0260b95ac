import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { type DevChain, startDevChain } from '../../../src/dev/chain/start-dev-chain.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { blockOfState } from './block-of-state.ts'
import { freePort } from './free-port.ts'

/** A chain that can be killed and comes back on its port without its last second of blocks: a true rollback. */
export type ChainSlot = {
  readonly facts: DevChain
  readonly kills: () => number
  /** The most blocks that one kill has taken back. */
  readonly deepestRollback: () => number
  readonly killAndRestart: () => Promise<void>
  readonly mine: (blocks: number) => Promise<void>
  /** Blocks come by themselves, as on any chain, until they are paused. */
  readonly tick: () => void
  /** Forgets what waits to be mined: the next service has a ledger that knows nothing of it. */
  readonly clearPool: () => Promise<void>
  readonly pause: () => void
  readonly close: () => Promise<void>
}

/** Anvil writes its state every second, also when nothing happens. */
const WRITTEN_MS = 1_200
/** Well below the harness' finality of 48 blocks. */
const MOST_BLOCKS_LOST = 32n
const FRESH_WITHIN_MS = 60_000
const TICK_BLOCKS = 2
const TICK_MS = 250

export async function openChainSlot({ folder }: { folder: string }): Promise<ChainSlot> {
  const port = await freePort()
  const statePath = join(folder, 'chain.json')
  let chain = await startDevChain({ port, statePath })
  const client = devClient({ rpcUrl: chain.rpcUrl })
  let kills = 0
  let deepest = 0
  let ticks: NodeJS.Timeout | undefined
  /** The tick under way. On a busy machine ticks would pile up, and dozens of blocks come at once while the chain is being killed. */
  let ticking: Promise<unknown> | undefined
  /** Killed or busy: whoever wants more blocks will ask again. */
  const mine = (blocks: number) => client.mine({ blocks }).catch(() => undefined)
  const pause = () => clearInterval(ticks)
  const tick = () => {
    pause()
    ticks = setInterval(() => {
      ticking ??= mine(TICK_BLOCKS).finally(() => (ticking = undefined))
    }, TICK_MS)
  }

  /**
   * A state of the chain to come back to, fewer blocks old than finality is deep, which is what the service relies on: on a busy machine
   * the file may be many blocks old, or written while blocks came, which no chain ever was like.
   */
  async function untilFresh(): Promise<{ state: string; age: bigint }> {
    let [state, age] = ['', 0n]
    await waitUntil({
      what: `the chain writes a state that is whole and at most ${MOST_BLOCKS_LOST} blocks old`,
      timeoutMs: FRESH_WITHIN_MS,
      isSo: async () => {
        state = readFileSync(statePath, 'utf8')
        const block = blockOfState(state)
        if (block === undefined) return false
        await ticking
        age = (await client.getBlockNumber()) - block
        return age <= MOST_BLOCKS_LOST
      },
    })
    return { state, age }
  }

  async function killAndRestart(): Promise<void> {
    await waitUntil({ what: 'the chain has written its state', isSo: () => existsSync(statePath) })
    const { state, age } = await untilFresh()
    process.kill(chain.pid, 'SIGKILL')
    kills += 1
    await waitUntil({ what: 'the chain is gone', isSo: () => !isAlive(chain.pid) })
    // What it wrote in its last moment may be torn.
    writeFileSync(statePath, state)
    deepest = Math.max(deepest, Number(age))
    chain = await startDevChain({ port, statePath })
  }

  return {
    facts: chain,
    kills: () => kills,
    deepestRollback: () => deepest,
    killAndRestart,
    mine,
    tick,
    clearPool: () =>
      client.request<{ Method: string; Parameters: undefined; ReturnType: void }>({
        method: 'anvil_dropAllTransactions',
      }),
    pause,
    close: async () => {
      pause()
      await chain.close()
    },
  }
}

/** Waits until what is on the chain now would survive a kill. */
export const untilWritten = () => sleep(WRITTEN_MS)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
