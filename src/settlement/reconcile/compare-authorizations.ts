import type { NetworkPass } from './dependencies.ts'
import type { Block } from './ports.ts'
import type { Difference, Movement } from './types.ts'

/** Entries that say a payer's signed payment has been executed for good. */
const EXECUTED = new Set(['deposit_final', 'exact_final', 'upto_final'])

/**
 * Whether every payment that the ledger believes executed has burnt its nonce (EIP-3009's state, Permit2's bitmap). Permit2
 * emits nothing when a transfer burns a nonce, so the state is what there is to ask.
 */
export async function compareAuthorizations({
  network,
  dependencies,
  at,
  movements,
}: NetworkPass & { at: Block; movements: readonly Movement[] }): Promise<readonly Difference[]> {
  const executed = movements.filter(
    ({ event, blockNumber }) => EXECUTED.has(event) && blockNumber !== undefined && blockNumber <= at.number,
  )
  const asked = executed.flatMap(({ authorization, transactionHash, atMs }) =>
    authorization && transactionHash ? [{ authorization, transactionHash, atMs }] : [],
  )
  if (asked.length === 0) return []
  const areUsed = await dependencies.historyOf(network).areUsed({
    authorizations: asked.map(({ authorization }) => authorization),
    blockNumber: at.number,
  })
  return asked
    .filter((_one, index) => areUsed[index] !== true)
    .map(({ authorization, transactionHash, atMs }) => ({
      class: 'ledger_only',
      network,
      subject: `${authorization.method} nonce of ${authorization.owner} in transaction ${transactionHash}`,
      ledger: 'used',
      chain: 'not used',
      sinceMs: atMs,
    }))
}
