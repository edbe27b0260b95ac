import { CALL_STEPS } from './call-steps.ts'
import { CHAIN_STEPS } from './chain-steps.ts'
import { OUTSIDER_STEPS } from './outsider-steps.ts'
import { SERVER_STEPS } from './server-steps.ts'

/** Everything that can happen in a history. */
export const STEPS = { ...CALL_STEPS, ...SERVER_STEPS, ...CHAIN_STEPS, ...OUTSIDER_STEPS } as const

export type StepName = keyof typeof STEPS

/** How often each step comes. */
export const WEIGHTS: Readonly<Record<StepName, number>> = {
  payChannel: 22,
  payUpto: 16,
  payExact: 12,
  payCredit: 12,
  topUp: 4,
  withdrawCredit: 4,
  burst: 9,
  duplicate: 10,
  look: 16,
  wait: 16,
  waitLong: 3,
  block: 4,
  reorganise: 6,
  drop: 4,
  congestion: 2,
  fees: 4,
  tokenFee: 2,
  stall: 2,
  rpc: 4,
  thirdParty: 6,
  settledByOthers: 2,
  copied: 6,
  empty: 4,
  revoke: 3,
  cancel: 4,
  withdrawStart: 4,
  withdrawEnd: 4,
  closeChannel: 5,
  price: 3,
  crash: 4,
  start: 4,
  queueLost: 2,
}
