import type { PicoUsd } from '../../lib/money.ts'
import type { OnExceed } from './fields.ts'

/** What a request says about its own budget; absent: nothing. */
export type AskedBudget = {
  readonly maxCostPicoUsd?: PicoUsd
  readonly runId?: string
  readonly runMaxCostPicoUsd?: PicoUsd
  readonly runMaxRequests?: bigint
  readonly onExceed?: OnExceed
  readonly waitMs?: number
}
