import type { CrashPoint } from '../../../src/settlement/crash-points.ts'
import type { Force } from './kill-plan.ts'
import type { CrashRun } from './crash-run.ts'

type Form = Omit<CrashRun, 'name' | 'seed' | 'onProgress'>

const STORM_MIX = { upto: 10, exact: 8, failover: 5, duplicates: 15, callsPerChannel: 12 } as const
/** A voucher costs no transaction: most of the calls can be cheap. */
const CALM_MIX = { upto: 4, exact: 2, failover: 3, duplicates: 15, callsPerChannel: 150 } as const
const MIXES = { stormMix: STORM_MIX, calmMix: CALM_MIX } as const

export const AGENTS = 12

/** Every named point once, a few kills at random, and most calls in the calm after the storm. */
export const SHORT: Form = {
  ...MIXES,
  calls: 2_000,
  force: { hits: 1, servers: 2, queues: 1, chains: 1, pauseMs: 200 },
  hurriesLeases: true,
  drainMs: 30_000,
  upWithinMs: 60_000,
}

/** One world of the long form; together its worlds make more than 20,000 calls and more than 20 hits of every point. */
export const LONG: Form = {
  ...MIXES,
  calls: 3_600,
  force: { hits: 4, servers: 15, queues: 5, chains: 5, pauseMs: 600 },
  hurriesLeases: true,
  drainMs: 90_000,
  upWithinMs: 60_000,
}
export const LONG_WORLDS = 6

/** Where every call or deposit comes by; the others are the chain's doing, and the same code on either database. */
const ON_THE_WAY: readonly CrashPoint[] = [
  'funding-reserved',
  'signed',
  'broadcast',
  'funded',
  'admitted',
  'forwarded',
  'captured',
  'seen',
]

/** The embedded ledger: one process at a time, and no leases to hurry. */
export const EMBEDDED: Form = {
  ...MIXES,
  isEmbedded: true,
  calls: 400,
  force: { hits: 2, servers: 5, queues: 0, chains: 1, pauseMs: 400, points: ON_THE_WAY },
  hurriesLeases: false,
  drainMs: 60_000,
  upWithinMs: 60_000,
}

/** A known bug is looked for with few calls: the window that it needs is hit on purpose. */
export const mutantForm = (force: Force): Form => ({
  ...MIXES,
  stormMix: { upto: 50, exact: 25, failover: 0, duplicates: 15, callsPerChannel: 5 },
  calls: 30,
  force,
  hurriesLeases: true,
  drainMs: 6_000,
  upWithinMs: 8_000,
})
