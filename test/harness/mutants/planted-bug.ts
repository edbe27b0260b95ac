import type { Edit } from '../mutant-hooks.ts'

/** A known bug. It names what it attacks: an invariant of the ledger, or a gap of the state machine (docs/PAYMENTS.md). */
export type PlantedBug = {
  readonly name: string
  readonly guards: string
  readonly edits: readonly Edit[]
}

export const one = (file: string, from: string, to: string): readonly Edit[] => [{ file, from, to }]
