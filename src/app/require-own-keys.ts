import { ConfigError } from '../config/read-config.ts'
import type { LaneStore, SettlementChain } from '../settlement/ports.ts'
import type { Lane } from '../settlement/types.ts'

type Subject = { readonly chain: Pick<SettlementChain, 'sender'>; readonly lanes: LaneStore }

/**
 * Two users of one key sign over each other: both take the same nonce, and one of the two transactions is lost. So a start is
 * refused where the chain has counted, or holds waiting, more transactions of a key than this ledger has signed.
 *
 * A chain that cannot be asked does not stop the start: every signing compares again.
 *
 * @throws ConfigError naming the key and what to do.
 */
export async function requireOwnKeys({
  chains,
  lanes,
}: {
  chains: readonly (readonly [unknown, Subject['chain']])[]
  lanes: LaneStore
}): Promise<void> {
  const problems = await Promise.all(
    chains.flatMap(([, chain]) =>
      Object.values(chain.sender.lanes).map((lane) => problemOf({ lane, chain, lanes })),
    ),
  )
  const found = problems.filter((problem) => problem !== undefined)
  if (found.length > 0) throw new ConfigError(found)
}

async function problemOf({ lane, chain, lanes }: Subject & { lane: Lane }): Promise<string | undefined> {
  const onChain = await Promise.all([
    chain.sender.getNonce(lane),
    chain.sender.getNonce(lane, 'pending'),
  ]).catch(() => undefined)
  if (!onChain) return undefined
  const [mined, pending] = onChain
  const known = await lanes.getLane(lane)
  const ours = known?.nextNonce ?? mined
  if (mined <= ours && pending <= ours) return undefined
  const { role, address, network } = lane
  const variable = role === 'signer' ? 'TURNPIKE_SIGNER_KEY' : 'TURNPIKE_TILL_KEY'
  const said = known
    ? `this ledger has signed ${ours} of its transactions, the chain knows of ${Math.max(mined, pending)}`
    : `${pending - mined} of its transactions are under way that this ledger has not signed`
  return `${variable}: somebody else uses ${address} on ${network} (${said}). Stop the other user and wait until nothing is under way, or give this server a key of its own.`
}
