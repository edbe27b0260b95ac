import { UNGOVERNED } from '../../../support/ungoverned.ts'
import type { CallDependencies } from '../../../../src/call/dependencies.ts'
import type { PayerMirror } from '../../../../src/call/ports.ts'
import { recoverCalls } from '../../../../src/call/serve/recover.ts'
import { createTurns } from '../../../../src/call/serve/turns.ts'
import { watchHealth } from '../../../../src/call/serve/watch-health.ts'
import { ACCOUNTS, tokenLedger } from '../../../../src/ledger/accounts.ts'
import { fund } from '../../../../src/settlement/fund.ts'
import type { SettlementDependencies } from '../../../../src/settlement/dependencies.ts'
import { sweep, type SweepOptions } from '../../../../src/settlement/sweep.ts'
import { type Books, openMemoryStorage } from '../../../support/memory/open-memory-storage.ts'
import type { Tables } from '../../../support/memory/tables.ts'
import { balanceOf, held } from '../chain/state.ts'
import type { SimulatedChain } from '../chain/simulated-chain.ts'
import { inLine, type Trace } from '../trace.ts'
import { BEGIN_MS, MARGIN_BPS, NETWORK, PAY_TO, POLICY, TERMS } from '../setup.ts'
import type { Faults } from './faults.ts'
import { createProvider, type Fate, type ProviderRun } from './provider.ts'
import type { Life, Scheduler } from './scheduler.ts'

/** One life of one server: the real stories, joined to a world that is simulated. */
export type Process = {
  readonly life: Life
  readonly books: Books
  readonly call: CallDependencies
  readonly settlement: SettlementDependencies
  /** What the timer does: heartbeat, recovery, one pass over everything that is due. */
  readonly look: (options?: SweepOptions) => Promise<void>
  /** Renews the lease, as its timer does all the time. */
  readonly beat: () => void
}

export type Surroundings = {
  readonly scheduler: Scheduler
  readonly tables: Tables
  readonly simulated: SimulatedChain
  readonly faults: Faults
  readonly runs: ProviderRun[]
  readonly fateOf: (requestId: string) => Fate
  readonly callOf: (requestId: string) => string
  readonly newId: () => string
  readonly isSuspended: SettlementDependencies['isSuspended']
  readonly trace: Trace | undefined
  /** Told where a hint to settle was given. */
  readonly onWake: () => void
}

type Port = Readonly<Record<string, (...input: never[]) => unknown>>

/** Every call of a port waits for its turn. */
function inTurn<Given>({ scheduler, trace }: Surroundings, life: Life, port: Given): Given {
  const functions = Object.entries(port as Port).map(([name, run]) => [
    name,
    (...input: never[]) =>
      scheduler.enter(life, name, () => {
        const answer = run(...input)
        if (trace)
          tell(trace, `${scheduler.nowMs() - BEGIN_MS} ${life.id} ${name} ${inLine(input[0])}`, answer)
        return answer
      }),
  ])
  return Object.fromEntries(functions) as Given
}

/** Beside the call, not around it: a history that is watched must go on as it goes unwatched. */
function tell(trace: Trace, call: string, answer: unknown): void {
  Promise.resolve(answer).then(
    (value) => trace(`${call} -> ${inLine(value)}`),
    (error: unknown) => trace(`${call} !! ${String(error)}`),
  )
}

const POLL_MS = 1_000
const MIRROR_LIES_MS = 10_000
const LEASE_MS = 15_000

/** The payer's wallet as it was when it was last looked at. */
function createMirror(simulated: SimulatedChain, nowMs: () => number): PayerMirror {
  const seen = new Map<string, { atMs: number; balanceAtomic: bigint; permit2AllowanceAtomic: bigint }>()
  return {
    getSpendable: async ({ asset, payer, maxAgeMs }) => {
      const key = held(asset.address, payer)
      const known = seen.get(key)
      if (known && nowMs() - known.atMs <= Math.min(maxAgeMs, MIRROR_LIES_MS)) return known
      const { state } = simulated.blocks
      const fresh = {
        atMs: nowMs(),
        balanceAtomic: balanceOf(state, asset.address, payer),
        permit2AllowanceAtomic: state.allowances.get(key) ?? 0n,
      }
      seen.set(key, fresh)
      return fresh
    },
  }
}

/** One owner of the settlement at a time, for as long as its lease lasts. */
function takeLease(tables: Tables, owner: string, nowMs: number): boolean {
  const lease = tables.meta.get('lease') as { owner: string; untilMs: number } | undefined
  if (lease && lease.owner !== owner && lease.untilMs >= nowMs) return false
  tables.meta.set('lease', { owner, untilMs: nowMs + LEASE_MS })
  return true
}

export function startProcess(id: string, world: Surroundings): Process {
  const { scheduler, tables, simulated, faults, newId } = world
  const life = scheduler.born(id)
  const { nowMs } = scheduler
  const opened = openMemoryStorage({ instanceId: id, nowMs, tables })
  const through = <Given>(port: Given) => inTurn(world, life, port)
  const books = {
    ...opened,
    calls: through(opened.calls),
    settlement: through(opened.settlement),
    due: through(opened.due),
    balances: through(opened.balances),
    lanes: through(opened.lanes),
    reconcile: through(opened.reconcile),
    instances: {
      ...opened.instances,
      heartbeat: through({ heartbeat: opened.instances.heartbeat }).heartbeat,
    },
  }
  const { sign, prepare, broadcast, reprice, getNonce, ...rest } = simulated.chain.sender
  const chain = {
    ...simulated.chain,
    sender: { ...rest, sign, ...through({ prepare, broadcast, reprice, getNonce }) },
    reader: { ...through({ ...simulated.chain.reader, network: () => NETWORK }), network: NETWORK },
  } as SettlementDependencies['chainOf'] extends (network: never) => infer Chain ? Chain : never
  const sleep = (durationMs: number, signal?: AbortSignal) => scheduler.sleep(life, durationMs, signal)
  const reach = (point: string) => faults.reach(life, point)
  const settlement: SettlementDependencies = {
    store: books.settlement,
    due: books.due,
    balances: books.balances,
    lanes: books.lanes,
    watch: { listChannels: books.reconcile.listChannelPage },
    networks: [NETWORK],
    chainOf: () => chain,
    clock: { nowMs, sleep },
    newId,
    pollMs: POLL_MS,
    payTo: PAY_TO,
    policy: POLICY,
    reach,
    isSuspended: world.isSuspended,
    notice: () => undefined,
  }
  const mirror = createMirror(simulated, nowMs)
  const call: CallDependencies = {
    catalog: { priceBook: 'book', models: new Map(), endpoints: [] },
    terms: TERMS,
    marginBps: MARGIN_BPS,
    defaultOutputTokens: 256,
    secret: 'secret',
    signatures: undefined as never,
    store: books.calls,
    upstreams: createProvider({ ...world, life }),
    health: watchHealth({ instance: id, nowMs }),
    mirrorOf: () => mirror,
    withheldOf: () => undefined,
    isStorageAway: () => false,
    fund: (payment, funding) => fund({ payment, ...funding, dependencies: settlement }),
    getCredit: ({ asset: { network, address }, payer }) =>
      books.balances.getAvailable({
        ledger: tokenLedger({ network, asset: address }),
        account: ACCOUNTS.credit(payer),
      }),
    wake: world.onWake,
    turns: createTurns({ sleep }),
    governed: UNGOVERNED,
    clock: { nowMs, sleep, sleepAside: sleep, random: (byteCount) => new Uint8Array(byteCount) },
    reach,
  }
  let asked: SweepOptions | undefined
  let isLooking = false
  async function passOnce(options: SweepOptions): Promise<void> {
    if (!takeLease(tables, id, nowMs())) return
    await books.instances
      .heartbeat()
      .then(() => recoverCalls({ store: books.calls, nowMs: nowMs() }))
      .catch(() => 0)
    await sweep({ dependencies: settlement, options })
  }
  // One pass at a time, as in app/watch/one-at-a-time; whoever asks meanwhile gets the next.
  async function look(options: SweepOptions = {}): Promise<void> {
    asked = { everything: options.everything === true || asked?.everything === true }
    if (isLooking) return
    isLooking = true
    for (let next: SweepOptions | undefined = asked; next; next = asked) {
      asked = undefined
      await passOnce(next)
    }
    isLooking = false
  }
  return {
    life,
    books,
    call,
    settlement,
    look,
    beat: () => void opened.instances.heartbeat(),
  }
}
