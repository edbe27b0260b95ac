import type { Edit } from '../mutant-hooks.ts'
import type { Mix } from './agent.ts'
import type { Force } from './kill-plan.ts'

export type CrashRun = {
  /** No other run in the same world has it. */
  readonly name: string
  readonly isEmbedded?: boolean
  readonly calls: number
  readonly force: Force
  /** While the service is being killed, and after it. */
  readonly stormMix: Mix
  readonly calmMix: Mix
  readonly seed: number
  /** Bugs that are planted in the servers. */
  readonly edits?: readonly Edit[]
  /** Leases of dead processes run out at once, so that a run is short. */
  readonly hurriesLeases: boolean
  readonly drainMs: number
  /** How long a server may take to come back. */
  readonly upWithinMs: number
  readonly onProgress: (line: string) => void
}

/** Blocks that are final are deeper than what a killed chain can lose. */
export const FINALITY_BLOCKS = 48
