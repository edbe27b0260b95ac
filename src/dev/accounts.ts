import { keccak256, toBytes } from 'viem'
import type { Address } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { PrivateKeyAccount } from 'viem/accounts'
import type { Hex } from 'viem'

/** An account of the laptop's world. Anyone can derive its key from its label: it must never hold anything of value. */
export type DevAccount = PrivateKeyAccount & { privateKey: Hex }

/**
 * The account that belongs to a label, always the same one.
 *
 * @example devAccount({ label: 'payer' }).address
 */
export function devAccount(options: { label: string }): DevAccount {
  const privateKey = keccak256(toBytes(`turnpike dev ${options.label}`))
  return { ...privateKeyToAccount(privateKey), privateKey }
}

/** The people of the dev chain. `payTo` is cold, as in production: its key is not handed out. */
export const devAccounts: {
  payer: DevAccount
  signer: DevAccount
  till: DevAccount
  receiverAuthorizer: DevAccount
  tokenOwner: DevAccount
  payTo: Address
} = {
  payer: devAccount({ label: 'payer' }),
  signer: devAccount({ label: 'signer' }),
  till: devAccount({ label: 'till' }),
  receiverAuthorizer: devAccount({ label: 'receiver authorizer' }),
  tokenOwner: devAccount({ label: 'token owner' }),
  payTo: devAccount({ label: 'pay to' }).address,
}
