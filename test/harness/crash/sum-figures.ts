import type { PartResult } from '../part.ts'
import type { CrashFigures } from './figures.ts'

/** The figures of all runs together, in the words of every harness. */
export function sumFigures(
  runs: readonly CrashFigures[],
): Omit<PartResult, 'violations'> & { readonly crashPoints: Readonly<Record<string, number>> } {
  const sum = (read: (figures: CrashFigures) => number) => runs.reduce((total, run) => total + read(run), 0)
  const crashPoints: Record<string, number> = {}
  for (const [point, hits] of runs.flatMap((run) => Object.entries(run.hits)))
    crashPoints[point] = (crashPoints[point] ?? 0) + hits
  return {
    calls: sum(({ calls }) => calls),
    kills: {
      server: sum(({ kills }) => kills.server),
      queue: sum(({ kills }) => kills.queue),
      chain: sum(({ kills }) => kills.chain),
    },
    crashPoints,
    lost: sum(({ lost }) => lost),
    doubleCharged: sum(({ doubleCharged }) => doubleCharged),
    chargedVoid: sum(({ chargedVoid }) => chargedVoid),
    duplicateUpstream: sum(({ duplicateUpstream }) => duplicateUpstream),
    paidNotDelivered: sum(({ paidNotDelivered }) => paidNotDelivered),
    ledgerEqualsChain: runs.every(({ differences }) => differences.length === 0),
  }
}
