import { devClient } from '../../../src/dev/chain/clients.ts'
import { tokenAbi } from '../../../src/dev/chain/abis.ts'
import type { Hex } from '../../../src/payment/types.ts'
import type { World } from '../world/open-world.ts'

/** What wallets hold according to the chain, by `<payer> <token>`; asked without any code of the service. */
export async function readBalances({
  world,
  wallets,
}: {
  world: Pick<World, 'rpcUrl' | 'assets'>
  wallets: readonly { readonly address: string }[]
}): Promise<ReadonlyMap<string, bigint>> {
  const client = devClient({ rpcUrl: world.rpcUrl })
  const rows = await Promise.all(
    wallets.flatMap(({ address: payer }) =>
      Object.values(world.assets).map(async ({ address }) => {
        const args = [payer as Hex] as const
        const balance = await client.readContract({ address, abi: tokenAbi, functionName: 'balanceOf', args })
        return [`${payer} ${address}`, balance] as const
      }),
    ),
  )
  return new Map(rows)
}
