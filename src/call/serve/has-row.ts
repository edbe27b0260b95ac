import type { AdmittedCall } from '../types.ts'

/** Whether a call was written down when it was let in. One without a price is not, but where an organisation pays or a budget counts it. */
export const hasRow = ({ payment, admission }: Pick<AdmittedCall, 'payment' | 'admission'>): boolean =>
  payment !== undefined || admission.payer.kind === 'organization' || admission.holds.length > 0
