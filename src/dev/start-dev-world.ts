import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import type { Config } from '../config/read-config.ts'
import type { Address, Hex } from '../payment/types.ts'
import { type DevAccount, devAccounts } from './accounts.ts'
import { devKeys, type DevKeys } from './dev-keys.ts'
import { fundDevWorld } from './chain/fund-dev-world.ts'
import { type DevChain, startDevChain } from './chain/start-dev-chain.ts'
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from './simulated-provider/start-simulated-provider.ts'

/** The world of a laptop: a chain of its own, a provider that makes its answers up, and a payer with money. */
export type DevWorld = {
  readonly chain: DevChain
  readonly provider: SimulatedProvider
  readonly payer: DevAccount
  readonly payerPrivateKey: Hex
  readonly payTo: Address
  readonly keys: DevKeys['keys']
  readonly addresses: DevKeys['addresses']
  readonly close: () => Promise<void>
}

/**
 * Starts chain and provider and funds the dev accounts where they have nothing yet.
 *
 * @param dataDirectory keeps the chain between starts; without it the chain is gone at the end.
 */
export async function startDevWorld({
  config,
  dataDirectory,
  onProgress = () => undefined,
}: {
  config: Config
  dataDirectory?: string
  onProgress?: (line: string) => void
}): Promise<DevWorld> {
  if (dataDirectory !== undefined) mkdirSync(dataDirectory, { recursive: true })
  onProgress('Starting the dev chain')
  const chain = await startDevChain({
    port: config.TURNPIKE_DEV_CHAIN_PORT,
    ...(dataDirectory === undefined ? {} : { statePath: join(dataDirectory, 'dev-chain.json') }),
    onProgress,
  })
  try {
    await fundDevWorld({ chain })
    const provider = await startSimulatedProvider({
      firstTokenMs: config.TURNPIKE_SIM_FIRST_TOKEN_MS,
      tokensPerSecond: config.TURNPIKE_SIM_TOKENS_PER_SECOND,
      seed: config.TURNPIKE_SIM_SEED,
    })
    return worldOf({ chain, provider })
  } catch (error) {
    await chain.close()
    throw error
  }
}

function worldOf({ chain, provider }: { chain: DevChain; provider: SimulatedProvider }): DevWorld {
  const { payer, payTo } = devAccounts
  return {
    chain,
    provider,
    payer,
    payerPrivateKey: payer.privateKey,
    payTo: payTo.toLowerCase() as Address,
    ...devKeys(),
    async close() {
      await provider.close()
      await chain.close()
    },
  }
}
