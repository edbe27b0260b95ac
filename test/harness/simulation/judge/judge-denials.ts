import type { Admission } from '../../../../src/call/types.ts'
import type { StepName } from '../drive/steps.ts'
import type { World } from '../world.ts'
import type { Verdict } from './verdict.ts'

/** What may turn a refusal that was true into an acceptance: another block, or somebody else who submits it later. */
const isExcused = (steps: readonly StepName[], wasOnChain: boolean) =>
  steps.includes('reorganise') || (steps.includes('thirdParty') && !wasOnChain)

const isOnCreditOf =
  (payer: string) =>
  (admission: Admission): boolean =>
    admission.scheme === 'credit' && admission.payer.id === payer

/** A client that was told to pay again, and whose first payment was taken all the same, pays twice. */
export function judgeDenials(world: World, steps: readonly StepName[], verdict: Verdict): void {
  for (const [key, wasOnChain] of world.denied) {
    if (isExcused(steps, wasOnChain)) continue
    const funding = world.tables.fundings.get(world.tables.fundingOfKey.get(key) ?? '')
    if (!funding || funding.state === 'failed' || funding.state === 'lapsed') continue
    // Money that went back to its payer meanwhile, or that the payer has spent for another call, may be asked for again.
    if ([...world.tables.refunds.values()].some(({ payer }) => payer === funding.payer)) continue
    if ([...world.tables.admissions.values()].some(isOnCreditOf(funding.payer))) continue
    verdict.doubleCharged += 1
    verdict.violations.push(`funding ${funding.id} was called failed and is ${funding.state}`)
  }
}
