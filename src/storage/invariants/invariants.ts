import { HISTORY } from './history.ts'
import { type Invariant, STATEMENTS } from './statements.ts'

/** Every invariant, in the order in which they are checked. */
export const INVARIANTS: readonly Invariant[] = [...STATEMENTS, HISTORY]
