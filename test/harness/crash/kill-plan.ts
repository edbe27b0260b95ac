import { CRASH_POINTS, type CrashPoint } from '../../../src/settlement/crash-points.ts'
import type { Random } from '../../bench/random.ts'

/** One thing that is done to the service. */
export type Blow =
  | { readonly kind: 'point'; readonly point: CrashPoint; readonly countdown: number }
  | { readonly kind: 'server' | 'queue' | 'chain'; readonly afterMs: number }

export type Force = {
  /** How often each named crash point is to be hit. */
  readonly hits: number
  readonly servers: number
  readonly queues: number
  readonly chains: number
  /** The longest pause before a kill at random. */
  readonly pauseMs: number
  readonly points?: readonly CrashPoint[]
}

/** Everything that will be done, in an order that the seed decides. */
export function planKills({ force, random }: { force: Force; random: Random }): readonly Blow[] {
  const { hits, servers, queues, chains, pauseMs, points = CRASH_POINTS } = force
  const directed = points.flatMap((point) =>
    Array.from({ length: hits }, (): Blow => ({ kind: 'point', point, countdown: random.integer(1, 2) })),
  )
  const at = (kind: 'server' | 'queue' | 'chain', count: number) =>
    Array.from({ length: count }, (): Blow => ({ kind, afterMs: random.integer(0, pauseMs) }))
  const blows = [...directed, ...at('server', servers), ...at('queue', queues), ...at('chain', chains)]
  return blows
    .map((blow) => ({ blow, rank: random.integer(0, 1_000_000) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ blow }) => blow)
}
