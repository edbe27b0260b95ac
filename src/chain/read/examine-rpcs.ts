import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { Hex, Network } from '../../payment/types.ts'
import { minBigint } from '../../lib/money.ts'
import { RpcError } from '../rpc-error.ts'
import { readCount, readHash, readObject, toQuantity } from '../rpc.ts'
import type { Asker, Rpc } from '../rpc.ts'
import { getHead, type Head } from './head.ts'

/** What one RPC says of itself. */
export type RpcSight =
  | { readonly kind: 'silent'; readonly why: RpcError['kind'] }
  | {
      readonly kind: 'answered'
      readonly chainId: number
      readonly head: Head
      readonly elapsedMs: number
      /** Its hash of a block that all RPCs of the right chain have; absent where it does not know that block. */
      readonly sharedHash?: Hex
    }

export type RpcSights = {
  /** In the order of the RPCs. */
  readonly sights: readonly RpcSight[]
  /** The block of the shared hashes. */
  readonly sharedBlock?: bigint
}

/**
 * Asks every RPC of a network by itself: which chain, which newest block, and which hash it has for a block that all of them know. Never
 * throws: silence is a sight.
 */
export async function examineRpcs({ rpc, network }: { rpc: Rpc; network: Network }): Promise<RpcSights> {
  const first = await Promise.all(rpc.each.map(look))
  const heights = first.flatMap((sight) => (isOf(network)(sight) ? [sight.head.number] : []))
  if (heights.length === 0) return { sights: first }
  const sharedBlock = heights.reduce(minBigint)
  const sights = await Promise.all(
    first.map(async (sight, index): Promise<RpcSight> => {
      const one = rpc.each[index]
      if (!one || !isOf(network)(sight)) return sight
      const sharedHash = await hashAt({ rpc: one, number: sharedBlock })
      return sharedHash === undefined ? sight : { ...sight, sharedHash }
    }),
  )
  return { sights, sharedBlock }
}

/** Whether an RPC has answered, and for this network. */
export const isOf =
  (network: Network) =>
  (sight: RpcSight | undefined): sight is Extract<RpcSight, { kind: 'answered' }> =>
    sight?.kind === 'answered' && sight.chainId === chainIdOf(network)

async function look(rpc: Asker): Promise<RpcSight> {
  const startedAtMs = performance.now()
  try {
    const [chainId, head] = await Promise.all([rpc.request('eth_chainId', []), getHead({ rpc })])
    return {
      kind: 'answered',
      chainId: readCount({ value: chainId, method: 'eth_chainId' }),
      head,
      elapsedMs: Math.round(performance.now() - startedAtMs),
    }
  } catch (error) {
    if (error instanceof RpcError) return { kind: 'silent', why: error.kind }
    throw error
  }
}

async function hashAt({ rpc, number }: { rpc: Asker; number: bigint }): Promise<Hex | undefined> {
  const method = 'eth_getBlockByNumber'
  try {
    const block = readObject({ value: await rpc.request(method, [toQuantity(number), false]), method })
    return readHash({ value: block['hash'], method })
  } catch (error) {
    if (error instanceof RpcError) return undefined
    throw error
  }
}
