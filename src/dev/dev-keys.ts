import type { Address, Hex } from '../payment/types.ts'
import { devAccounts } from './accounts.ts'

type ByRole<Value> = { readonly signer: Value; readonly till: Value; readonly receiverAuthorizer: Value }

export type DevKeys = { readonly keys: ByRole<Hex>; readonly addresses: ByRole<Address> }

/** The keys of the dev server, and their addresses in lower case. */
export function devKeys(): DevKeys {
  const { signer, till, receiverAuthorizer } = devAccounts
  const lower = (address: string) => address.toLowerCase() as Address
  return {
    keys: {
      signer: signer.privateKey,
      till: till.privateKey,
      receiverAuthorizer: receiverAuthorizer.privateKey,
    },
    addresses: {
      signer: lower(signer.address),
      till: lower(till.address),
      receiverAuthorizer: lower(receiverAuthorizer.address),
    },
  }
}
