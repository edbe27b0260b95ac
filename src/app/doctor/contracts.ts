import { MULTICALL3 } from '../../payment/tokens/contracts.ts'
import type { Address, Network, Terms } from '../../payment/types.ts'
import { missingContracts } from '../chains/missing-contracts.ts'
import { fail, ok, type Verdict, warn } from './verdict.ts'

/** Permit2, Multicall3 and the contracts of x402: a server starts without some of them, and offers less. */
export function judgeContracts({
  network,
  absent,
  terms,
}: {
  network: Network
  absent: readonly Address[]
  terms: Terms
}): readonly Verdict[] {
  const name = `contracts ${network}`
  if (absent.includes(MULTICALL3)) {
    return [
      fail({
        name,
        seen: `There is no Multicall3 at ${MULTICALL3}, without which no token can be looked at.`,
        fix: `Correct the RPC (is it that chain?), or take ${network} off TURNPIKE_NETWORKS.`,
      }),
    ]
  }
  const { isUseless, missing } = missingContracts({ network, absent, terms })
  if (missing.length === 0) {
    return [ok(name, 'Permit2, Multicall3 and what x402 needs for the schemes and tokens of this server')]
  }
  const say = isUseless ? fail : warn
  return missing.map(({ problem, fix }) => say({ name, seen: problem, fix }))
}
