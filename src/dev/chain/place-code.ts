import type { Address, Hex } from 'viem'
import type { DevClient } from './clients.ts'

/**
 * Puts a contract at an address of our choice, as if it had been deployed there. Does nothing where it already lies.
 *
 * The creation code runs as a call to that very address, so that what a constructor derives from `address(this)`
 * (Permit2's domain separator) is right. What a constructor writes to storage is lost: such contracts are initialised by a
 * call of their own.
 */
export async function placeCode(options: {
  client: DevClient
  address: Address
  creationCode: Hex
}): Promise<void> {
  const { client, address, creationCode } = options
  const [{ data: runtimeCode }, presentCode] = await Promise.all([
    client.call({ to: address, stateOverride: [{ address, code: creationCode }] }),
    client.getCode({ address }),
  ])
  if (!runtimeCode) throw new Error(`The contract for ${address} left no code.`)
  if (presentCode === runtimeCode) return
  await client.setCode({ address, bytecode: runtimeCode })
}
