import { ConfigError } from '../config/read-config.ts'
import { MULTICALL3 } from '../payment/contracts.ts'
import type { Address, Network, Terms } from '../payment/types.ts'
import { missingContracts } from './missing-contracts.ts'
import type { Chains } from './open-chains.ts'

export type Missing = ReadonlyMap<Network, readonly Address[]>

/**
 * Compares what we are configured with with the chains: code at every address, each token's decimals and EIP-712 domain. A wrong
 * token would take payments that can never be settled, or price them a million times off. A contract that is missing only takes
 * its schemes away.
 *
 * @returns per network the contracts that it does not have; the start goes on without what needs them.
 * @throws ConfigError with the fix of each; an Error where a chain cannot be asked.
 */
export async function requireTokenTruth({
  chains,
  terms,
  onNote,
}: {
  chains: Chains
  terms: Terms
  onNote: (line: string) => void
}): Promise<Missing> {
  const missing = new Map<Network, readonly Address[]>()
  const problems: string[] = []
  await Promise.all(
    chains.all.map(async ([network, chain]) => {
      const absent = await chain.listMissingContracts()
      missing.set(network, absent)
      // Without it no token can be asked for anything.
      if (absent.includes(MULTICALL3)) problems.push(noMulticall(network))
      else problems.push(...(await tokenProblems(chain)))
    }),
  )
  for (const [network, absent] of missing) {
    const found = missingContracts({ network, absent, terms })
    const lines = found.missing.map(({ problem, fix }) => `${problem} ${fix}`)
    if (found.isUseless)
      problems.push(...lines, `Nothing can be paid on ${network}: take it off TURNPIKE_NETWORKS.`)
    else for (const line of lines) onNote(line)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return missing
}

const noMulticall = (network: Network) =>
  `There is no Multicall3 at ${MULTICALL3} on ${network}: correct its RPC (is it that chain?), or take ${network} off TURNPIKE_NETWORKS.`

async function tokenProblems(chain: Chains['all'][number][1]): Promise<readonly string[]> {
  return (await chain.checkTokens()).flatMap((check) =>
    check.ok ? [] : [`${check.asset.symbol} on ${check.asset.network}: ${check.problem} ${check.fix}`],
  )
}
