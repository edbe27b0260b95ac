import { CRASH_POINTS } from '../../../../src/settlement/crash-points.ts'
import type { Random } from '../random.ts'
import type { Boundary, Life } from './scheduler.ts'

/** Calls of ports that change something outside the process. Before and after each is a place to die. */
const EFFECTS = [
  'admit',
  'appendAttempt',
  'capture',
  'endTurn',
  'reserveFunding',
  'appendTransaction',
  'replaceBytes',
  'commit',
  'holdRefund',
  'broadcast',
  'heartbeat',
  'upstream',
  'part',
] as const

/** Every place at which a process can be ended or lose an answer. */
export const BOUNDARIES: readonly string[] = [
  ...EFFECTS.flatMap((name) => [`${name}:before`, `${name}:after`]),
  ...CRASH_POINTS.map((point) => `reach:${point}`),
]

const EFFECT_NAMES: ReadonlySet<string> = new Set(EFFECTS)

type Fault = { readonly at: string; occurrence: number; readonly isCrash: boolean }

/** The faults of one history: at the nth time that a boundary is reached, the process dies or the answer is lost. */
export type Faults = {
  readonly boundary: Boundary
  readonly reach: (life: Life, point: string) => void
  /** No more of them: what follows is what a healthy world makes of what is left. */
  readonly heal: () => void
  /** Faults that came to pass, by boundary. */
  readonly hits: Map<string, number>
}

export function planFaults({
  random,
  kill,
}: {
  random: Random
  kill: (life: Life, at: string) => void
}): Faults {
  const count = random.weighted({ '0': 10, '1': 60, '2': 20, '3': 10 })
  let plan: Fault[] = Array.from({ length: Number(count) }, () => ({
    at: random.pick(BOUNDARIES),
    occurrence: Number(random.weighted({ '1': 60, '2': 25, '4': 15 })),
    isCrash: random.percent(75),
  }))
  const hits = new Map<string, number>()

  function strike(life: Life, at: string, canThrow: boolean): void {
    // What a dead process still runs through has no effect any more.
    if (plan.length === 0 || !life.isAlive) return
    const due = plan.filter((fault) => fault.at === at && (fault.occurrence -= 1) === 0)
    for (const fault of due) {
      plan = plan.filter((one) => one !== fault)
      hits.set(at, (hits.get(at) ?? 0) + 1)
      if (fault.isCrash || !canThrow) kill(life, at)
      else throw new Error(`The answer was lost at ${at}.`)
      if (!life.isAlive) return
    }
  }

  return {
    boundary: ({ life, name, side }) => {
      // A provider that has begun to answer ends its answer; only a process can end before.
      if (EFFECT_NAMES.has(name)) strike(life, `${name}:${side}`, name !== 'part')
    },
    reach: (life, point) => strike(life, `reach:${point}`, false),
    heal: () => {
      plan = []
    },
    hits,
  }
}
