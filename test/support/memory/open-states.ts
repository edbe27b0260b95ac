import type { TransactionState } from '../../../src/settlement/types.ts'

/** States in which a block may still change its mind. */
export const OPEN_STATES: ReadonlySet<TransactionState> = new Set(['signed', 'seen', 'reverted'])
