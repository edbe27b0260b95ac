import { ConfigError } from '../../config/read-config.ts'
import type { Chains } from './open-chains.ts'

/**
 * Asks each hosted facilitator what it supports. One that does not know a network would refuse every payment there.
 *
 * @throws ConfigError where one says so. One that cannot be asked now does not stop the start: our own signer steps in for it.
 */
export async function requireFacilitators({
  chains,
  onNote,
}: {
  chains: Chains
  onNote: (line: string) => void
}): Promise<void> {
  const problems: string[] = []
  await Promise.all(
    chains.all.map(async ([network, chain]) => {
      const isSupported = await chain.isHostedSupported()
      const chainId = network.slice('eip155:'.length)
      if (isSupported === 'unknown')
        onNote(
          `TURNPIKE_FACILITATOR_${chainId} cannot be asked now: our own signer submits what it does not.`,
        )
      if (isSupported === 'no')
        problems.push(
          `TURNPIKE_FACILITATOR_${chainId} does not support exact on ${network}: leave it out, or name another.`,
        )
    }),
  )
  if (problems.length > 0) throw new ConfigError(problems)
}
