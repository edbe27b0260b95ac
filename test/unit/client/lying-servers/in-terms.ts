import type { Hex } from '../../../../src/payment/types.ts'
import { CEILING, stranger } from '../fake-server/terms.ts'
import type { Lie } from './lie.ts'

const STRANGER = stranger.address.toLowerCase() as Hex

/** Lies of the terms: who is paid, how long money stays locked, and how much is wanted at once. */
export const LIES_IN_TERMS: readonly Lie[] = [
  {
    lie: 'another recipient for a known server',
    terms: { payTo: STRANGER },
    honestCalls: 1,
    verdict: 'recipient',
    most: 0n,
  },
  {
    lie: 'another authorizer of claims for a known server',
    terms: { receiverAuthorizer: STRANGER },
    honestCalls: 1,
    verdict: 'recipient',
    most: 0n,
  },
  {
    lie: 'another delay of withdrawals for a known server',
    terms: { withdrawDelaySeconds: 172_800 },
    honestCalls: 1,
    verdict: 'recipient',
    most: 0n,
  },
  {
    lie: 'a delay of withdrawals of thirty days',
    terms: { withdrawDelaySeconds: 2_592_000, schemes: ['batch-settlement'] },
    verdict: 'withdraw_delay',
    most: 0n,
  },
  {
    lie: 'a ceiling above the cap of a call',
    server: { ceilingPicoUsd: 1_000_001_000_000n },
    verdict: 'max_per_call',
    most: 0n,
  },
  {
    lie: 'an announced deposit far above the policy',
    terms: { minDepositPicoUsd: 1_000_000_000_000_000n },
    verdict: 200,
    most: CEILING,
    deposits: 1,
  },
]
