/** What one history came to. The words of violations name what was violated, then where. */
export type Verdict = {
  readonly violations: string[]
  lost: number
  doubleCharged: number
  chargedVoid: number
  duplicateUpstream: number
  paidNotDelivered: number
  ledgerEqualsChain: boolean
  calls: number
}

export const newVerdict = (): Verdict => ({
  violations: [],
  lost: 0,
  doubleCharged: 0,
  chargedVoid: 0,
  duplicateUpstream: 0,
  paidNotDelivered: 0,
  ledgerEqualsChain: true,
  calls: 0,
})
