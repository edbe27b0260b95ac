import type { Address } from '../../payment/types.ts'
import type { SchemeCalldata } from '../../settlement/ports.ts'
import type { Authorizer } from './batch-contract.ts'
import { channelRefundCalldata } from './channel-refund.ts'
import { claimCalldata } from './claim.ts'
import { depositCalldata } from './deposit.ts'
import { exactCalldata } from './exact.ts'
import { settleCalldata } from './settle.ts'
import { transferCalldata } from './transfer.ts'
import { uptoCalldata } from './upto.ts'

/** Every scheme's calldata for one network's addresses. Pure but for the authorizer's signatures, which are local. */
export function createCalldata(world: {
  payTo: Address
  till: Address
  signer: Address
  authorizer: Authorizer
}): SchemeCalldata {
  const { payTo, till, signer, authorizer } = world
  return {
    deposit: (funding) => depositCalldata({ funding }),
    exact: (funding) => exactCalldata({ funding, till }),
    upto: (settlement) => uptoCalldata({ settlement, payTo, facilitator: signer }),
    claim: (rows) => claimCalldata({ authorizer, rows }),
    settle: ({ asset }) => settleCalldata({ payTo, asset }),
    channelRefund: (request) => channelRefundCalldata({ authorizer, ...request }),
    transfer: transferCalldata,
  }
}
