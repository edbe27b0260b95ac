import type { ChainCase } from './chain-case.ts'
import { reorganisations } from './cases/reorganisations.ts'
import { rpcs } from './cases/rpcs.ts'
import { sending } from './cases/sending.ts'
import { strangers } from './cases/strangers.ts'
import { tokens } from './cases/tokens.ts'
import { withdrawals } from './cases/withdrawals.ts'

/** The short form goes to three depths and lets a minute without an RPC be two seconds. */
export const allCases = ({ short }: { short: boolean }): readonly ChainCase[] => [
  ...reorganisations(short ? [1, 4, 10] : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
  ...sending,
  ...rpcs({ downMs: short ? 2_000 : 60_000 }),
  ...strangers,
  ...tokens,
  ...withdrawals,
]
