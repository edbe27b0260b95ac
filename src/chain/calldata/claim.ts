import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import type { Calldata } from '../../settlement/ports.ts'
import type { ClaimRow } from '../../settlement/types.ts'
import { encodeClaim } from './batch-contract.ts'
import type { Authorizer } from './batch-contract.ts'

/** Books the charges of several channels for `payTo`; {@link settleCalldata} pays them out. */
export const claimCalldata = (request: { authorizer: Authorizer; rows: readonly ClaimRow[] }): Calldata => ({
  to: BATCH_SETTLEMENT,
  data: encodeClaim(request),
})
