import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fundDevWorld } from '../../../src/dev/chain/fund-dev-world.ts'
import type { Asset } from '../../../src/payment/types.ts'
import { hasPostgres, startPostgres } from '../../support/postgres.ts'
import { hasRedis } from '../../support/redis.ts'
import { type ChainSlot, openChainSlot } from './chain-slot.ts'
import { openClosers } from './closers.ts'
import { openService, type Service, type ServiceOptions } from './open-service.ts'
import type { ProviderRuns } from './provider-facts.ts'
import { openQueueSlot, type QueueSlot } from './queue-slot.ts'
import { startChild } from './start-child.ts'
import { assetsOf, newWallet, type Wallet } from './wallets.ts'

/** Chain, provider, database and queue, each a process of its own that can be killed alone. */
export type World = {
  readonly chain: ChainSlot
  readonly rpcUrl: string
  readonly assets: { readonly usdc: Asset; readonly usdt: Asset }
  /** Undefined where there is no Redis, or none is wanted. */
  readonly queue: QueueSlot | undefined
  readonly runs: () => Promise<ProviderRuns>
  readonly delayProvider: (durationMs: number) => Promise<void>
  readonly newWallet: () => Promise<Wallet>
  /** A service with a ledger of its own; on Postgres where there is one, unless it is to be the embedded ledger. */
  readonly openService: (options: ServiceOptions) => Promise<Service>
  readonly close: () => Promise<void>
}

const PROVIDER = fileURLToPath(new URL('provider-process.ts', import.meta.url))

/** Opens everything but a service; what has been opened is closed again where a later part fails. */
export async function openWorld({ withQueue = false }: { withQueue?: boolean } = {}): Promise<World> {
  const closers = openClosers()
  try {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-harness-'))
    closers.add(() => rmSync(folder, { recursive: true, force: true }))
    const chain = await openChainSlot({ folder })
    closers.add(chain.close)
    await fundDevWorld({ chain: chain.facts })
    const provider = await startChild<{ url: string }>({ path: PROVIDER, log: join(folder, 'provider.log') })
    closers.add(provider.stop)
    const postgres = hasPostgres ? await startPostgres() : undefined
    if (postgres) closers.add(postgres.stop)
    const queue = withQueue && hasRedis ? await openQueueSlot() : undefined
    if (queue) closers.add(queue.close)
    const { rpcUrl, usdt } = chain.facts
    return {
      chain,
      rpcUrl,
      assets: assetsOf(usdt),
      queue,
      runs: () => provider.ask<ProviderRuns>('runs'),
      delayProvider: (durationMs) => provider.ask('delay', durationMs),
      newWallet: () => newWallet({ rpcUrl }),
      openService: async (options) => {
        const facts = { chain, providerUrl: provider.ready.url, postgres, queue, folder }
        await chain.clearPool()
        const service = await openService({ ...facts, options })
        closers.add(service.close)
        return service
      },
      close: closers.close,
    }
  } catch (error) {
    await closers.close()
    throw error
  }
}
