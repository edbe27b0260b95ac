import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DevWorldFacts } from '../../../src/cli/dev-app.ts'
import { devAccounts } from '../../../src/dev/accounts.ts'
import type { Address } from '../../../src/payment/types.ts'
import type { PostgresServer } from '../../support/postgres.ts'
import type { Edit } from '../mutant-hooks.ts'
import type { ChainSlot } from './chain-slot.ts'
import { freePort } from './free-port.ts'
import type { QueueSlot } from './queue-slot.ts'
import { openServerSlot, type ServerSlot } from './server-slot.ts'

export type ServiceOptions = {
  /** Blocks on top of one that is final: more than a killed chain can lose. */
  readonly finalityBlocks: number
  readonly isEmbedded?: boolean
  /** Bugs that are planted in all its servers. */
  readonly edits?: readonly Edit[]
}

/** One service: a ledger, and the servers that share it. */
export type Service = {
  /** Undefined where the ledger is the embedded one. */
  readonly databaseUrl: string | undefined
  readonly dataDirectory: string
  readonly openServer: (options?: {
    onDeath?: () => Promise<void>
    /** Whether the next process waits already, so that a restart is as short as the product's own. */
    hasSpare?: boolean
    upWithinMs?: number
  }) => Promise<ServerSlot>
  /** Names of the crash points at which a server ended, in order. */
  readonly hits: () => readonly string[]
  readonly close: () => Promise<void>
}

export async function openService({
  chain,
  providerUrl,
  postgres,
  queue,
  folder: parent,
  options: { finalityBlocks, isEmbedded = false, edits = [] },
}: {
  chain: ChainSlot
  providerUrl: string
  postgres: PostgresServer | undefined
  queue: QueueSlot | undefined
  folder: string
  options: ServiceOptions
}): Promise<Service> {
  const folder = mkdtempSync(join(parent, 'service-'))
  const databaseUrl = isEmbedded ? undefined : await postgres?.createDatabase()
  const hitsPath = join(folder, 'hits.txt')
  const start = {
    world: worldFacts({ chain, providerUrl }),
    ...(databaseUrl === undefined ? { dataDirectory: folder } : { databaseUrl }),
    ...(queue ? { redisUrl: queue.url } : {}),
    finalityBlocks,
    hitsPath,
  }
  const slots: ServerSlot[] = []
  return {
    databaseUrl,
    dataDirectory: join(folder, 'ledger'),
    hits: () => linesOf(hitsPath),
    openServer: async (more = {}) => {
      const log = join(folder, 'server.log')
      const slot = await openServerSlot({ ...more, start: { ...start, port: await freePort() }, log, edits })
      slots.push(slot)
      return slot
    },
    close: async () => {
      for (const slot of slots.splice(0)) await slot.close()
    },
  }
}

const lower = (address: string) => address.toLowerCase() as Address

function worldFacts({ chain, providerUrl }: { chain: ChainSlot; providerUrl: string }): DevWorldFacts {
  const { rpcUrl, usdc, usdt, genesisHash } = chain.facts
  const { signer, till, receiverAuthorizer, payTo } = devAccounts
  return {
    chain: { rpcUrl, usdc, usdt, genesisHash },
    provider: { url: providerUrl },
    payTo: lower(payTo),
    keys: {
      signer: signer.privateKey,
      till: till.privateKey,
      receiverAuthorizer: receiverAuthorizer.privateKey,
    },
    addresses: {
      signer: lower(signer.address),
      till: lower(till.address),
      receiverAuthorizer: lower(receiverAuthorizer.address),
    },
  }
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}
