import { BOOKING_BUGS } from './mutants/booking-bugs.ts'
import { CALL_BUGS } from './mutants/call-bugs.ts'
import { LEDGER_BUGS } from './mutants/ledger-bugs.ts'
import type { PlantedBug } from './mutants/planted-bug.ts'
import { PRICING_BUGS } from './mutants/pricing-bugs.ts'
import { SENDING_BUGS } from './mutants/sending-bugs.ts'
import { STORAGE_BUGS } from './mutants/storage-bugs.ts'

/** A known bug, planted while its file is loaded. A harness that does not catch it would not catch a stranger's either. */
export type Mutant = PlantedBug & {
  /** The cheapest harness that sees it: histories in memory, or the embedded database beside the ledger in memory. */
  readonly harness: 'simulation' | 'twin-stores'
}

const seenBy = (harness: Mutant['harness'], bugs: readonly PlantedBug[]): readonly Mutant[] =>
  bugs.map((bug) => ({ ...bug, harness }))

export const MUTANTS: readonly Mutant[] = [
  ...seenBy('simulation', [...CALL_BUGS, ...SENDING_BUGS, ...BOOKING_BUGS, ...PRICING_BUGS, ...LEDGER_BUGS]),
  // The simulation's ledger is in memory: it never loads these files.
  ...seenBy('twin-stores', STORAGE_BUGS),
]
