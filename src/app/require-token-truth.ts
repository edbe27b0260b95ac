import { ConfigError } from '../config/read-config.ts'
import type { Chains } from './open-chains.ts'

/**
 * Compares our table of tokens with the chains: code at the address, decimals, EIP-712 domain. A wrong one would take payments
 * that can never be settled, or price them a million times off.
 *
 * @throws ConfigError with the fix of each; an Error where a chain cannot be asked.
 */
export async function requireTokenTruth({ chains }: { chains: Chains }): Promise<void> {
  const checks = await Promise.all(chains.all.map(([, chain]) => chain.checkTokens()))
  const problems = checks
    .flat()
    .flatMap((check) =>
      check.ok ? [] : [`${check.asset.symbol} on ${check.asset.network}: ${check.problem} ${check.fix}`],
    )
  if (problems.length > 0) throw new ConfigError(problems)
}
