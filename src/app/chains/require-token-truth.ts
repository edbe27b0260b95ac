import { ConfigError } from '../../config/read-config.ts'
import { MULTICALL3 } from '../../payment/tokens/contracts.ts'
import type { Address, Asset, Network, Terms } from '../../payment/types.ts'
import { missingContracts } from './missing-contracts.ts'
import type { Chains } from './open-chains.ts'

export type Missing = ReadonlyMap<Network, readonly Address[]>

/** What the chains say of what we are configured with. */
export type Truth = {
  /** Per network the contracts that it does not have; the start goes on without what needs them. */
  readonly missing: Missing
  /** The tokens that may be offered, in the order of the terms, each with its domain. */
  readonly assets: readonly Asset[]
}

/**
 * Compares what we are configured with with the chains: code at every address, each token's decimals and EIP-712 domain. A wrong
 * token would take payments that can never be settled, or price them a million times off. A contract that is missing only takes
 * its schemes away, and a row of the table that nobody has verified only itself.
 *
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
}): Promise<Truth> {
  const missing = new Map<Network, readonly Address[]>()
  const confirmed = new Map<string, Asset>()
  const problems: string[] = []
  await Promise.all(
    chains.all.map(async ([network, chain]) => {
      const absent = await chain.listMissingContracts()
      missing.set(network, absent)
      // Without it no token can be asked for anything.
      if (absent.includes(MULTICALL3)) return void problems.push(noMulticall(network))
      const checks = await chain.checkTokens()
      for (const check of checks) {
        if (check.ok) confirmed.set(keyOf(check.asset), confirmedRow(check.asset))
        else if (check.asset.isUnconfirmed) onNote(`${lineOf(check)} It is not offered.`)
        else problems.push(lineOf(check))
      }
      if (checks.every(({ ok, asset }) => !ok && asset.isUnconfirmed)) problems.push(noToken(network))
    }),
  )
  const assets = terms.assets.flatMap((asset) => confirmed.get(keyOf(asset)) ?? [])
  for (const [network, absent] of missing) {
    const isAnyLeft = assets.some((asset) => asset.network === network)
    const offered = isAnyLeft ? { ...terms, assets } : terms
    const found = missingContracts({ network, absent, terms: offered })
    const lines = found.missing.map(({ problem, fix }) => `${problem} ${fix}`)
    if (found.isUseless)
      problems.push(...lines, `Nothing can be paid on ${network}: take it off TURNPIKE_NETWORKS.`)
    else for (const line of lines) onNote(line)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { missing, assets }
}

const keyOf = ({ network, address }: Asset) => `${network} ${address}`

const confirmedRow = ({ isUnconfirmed: _isUnconfirmed, ...asset }: Asset): Asset => asset

const noMulticall = (network: Network) =>
  `There is no Multicall3 at ${MULTICALL3} on ${network}: correct its RPC (is it that chain?), or take ${network} off TURNPIKE_NETWORKS.`

const noToken = (network: Network) =>
  `No token on ${network} is on chain what the table says: take ${network} off TURNPIKE_NETWORKS, or add the right row to the operator's file.`

const lineOf = ({ asset, problem, fix }: { asset: Asset; problem: string; fix: string }) =>
  `${asset.symbol} on ${asset.network}: ${problem} ${fix}`
