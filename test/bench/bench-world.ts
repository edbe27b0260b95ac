import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config/read-config.ts'
import { startDevWorld } from '../../src/dev/start-dev-world.ts'
import type { Address } from '../../src/payment/types.ts'
import { addressOfPrivateKey } from '../../src/payment/signing/signature.ts'
import { openRpcProxy, type RpcProxy } from '../integration/chain/rpc-proxy.ts'
import { MISSING_POSTGRES, type PostgresServer, startPostgres } from '../support/postgres.ts'
import { CHEAP_MODEL } from './bench-catalog.ts'
import { type PayerChannel, payOnChannel, planChannels } from './channel-payer.ts'
import { type Child, startChild } from './child.ts'
import { askPrices, channelOffer } from './quotes.ts'
import type { ServerStart } from './server-process.ts'
import { demandStatus, requestBytes, sendAll } from './wire.ts'

/** Chain, providers, database and server, each in a process of its own; this process is the load. */
export type BenchWorld = {
  readonly port: number
  readonly server: Child<unknown>
  readonly postgres?: PostgresServer
  readonly rpc: RpcProxy
  /** RPC requests that opening the channels took: proof that the proxy counts. */
  readonly depositRpcRequests: number
  readonly payerKey: `0x${string}`
  readonly channels: readonly PayerChannel[]
  readonly close: () => Promise<void>
}

type ProviderUrls = { readonly quickUrl: string; readonly pacedUrl: string }

/** $20 in each channel: more than all calls of a run together may cost. */
const DEPOSIT_ATOMIC = 20_000_000n
/** Deposits at once: each is a transaction of one signer, so more would only wait. */
const DEPOSITS = 8

export const smallBody = (model: string, index = 0): string =>
  JSON.stringify({
    model,
    max_tokens: 64,
    messages: [
      { role: 'system', content: 'You are a harbour master. Answer in one sentence.' },
      { role: 'user', content: `How are the ships today? (${index})` },
    ],
  })

/** Opens everything; what has been opened is closed again where a later part fails. */
export async function openBenchWorld({
  channelCount,
  embedded = false,
  onProgress,
}: {
  channelCount: number
  /** Without Postgres, though there may be one. */
  embedded?: boolean
  onProgress: (line: string) => void
}): Promise<BenchWorld> {
  const closers: (() => Promise<void>)[] = []
  // One part that is gone already must not keep the others running.
  const close = async () => {
    for (const end of closers.splice(0).toReversed()) await end().catch(() => undefined)
  }
  try {
    onProgress('Starting the chain, the providers, the database and the server')
    const world = await startDevWorld({ config: readConfig({}), onProgress })
    closers.push(world.close)
    const rpc = await openRpcProxy(world.chain.rpcUrl)
    closers.push(rpc.close)
    const providers = await startChild<ProviderUrls>('./provider-process.ts')
    closers.push(providers.stop)
    const postgres = embedded ? undefined : await openPostgres(onProgress)
    if (postgres) closers.push(postgres.stop)
    const dataDirectory = mkdtempSync(join(tmpdir(), 'turnpike-bench-'))
    closers.push(async () => rmSync(dataDirectory, { recursive: true, force: true }))
    const server = await startChild<unknown>('./server-process.ts')
    closers.push(server.stop)
    const { chain, payTo, keys, addresses, payerPrivateKey: payerKey } = world
    const { usdc, usdt, genesisHash } = chain
    const start: ServerStart = {
      world: {
        chain: { rpcUrl: rpc.url, usdc, usdt, genesisHash },
        provider: { url: providers.ready.quickUrl },
        payTo,
        keys,
        addresses,
      },
      ...providers.ready,
      dataDirectory,
      ...(postgres ? { databaseUrl: await postgres.createDatabase() } : {}),
    }
    const { port } = await server.ask<{ port: number }>('start', start)
    closers.push(() => server.ask('close'))
    onProgress(`Opening ${channelCount} channels`)
    const payer = addressOfPrivateKey({ privateKey: payerKey })
    const { value: channels, methods } = await rpc.count(() =>
      openChannels({ port, payer, payerKey, count: channelCount }),
    )
    const depositRpcRequests = methods.length
    const opened = { port, server, rpc, depositRpcRequests, payerKey, channels, close }
    return postgres ? { ...opened, postgres } : opened
  } catch (error) {
    await close()
    throw error
  }
}

async function openPostgres(onProgress: (line: string) => void): Promise<PostgresServer | undefined> {
  try {
    return await startPostgres({ fsync: true })
  } catch (error) {
    if (!(error instanceof Error) || error.message !== MISSING_POSTGRES) throw error
    onProgress(
      'There is no Postgres on this machine: the embedded database is measured, which does not fsync',
    )
    return undefined
  }
}

async function openChannels({
  port,
  payer,
  payerKey,
  count,
}: {
  port: number
  payer: Address
  payerKey: `0x${string}`
  count: number
}): Promise<readonly PayerChannel[]> {
  const bodies = Array.from({ length: count }, (_, index) => smallBody(CHEAP_MODEL, index))
  const offers = (await askPrices({ port, bodies })).map(channelOffer)
  const [first] = offers
  if (!first) return []
  const channels = planChannels({ offer: first, payer, count })
  const deposit = { amountAtomic: DEPOSIT_ATOMIC, payerKey, nowMs: Date.now() }
  const requests = channels.map((channel, index) => {
    const payment = payOnChannel({ channel, offer: offers[index] ?? first, deposit })
    return requestBytes({ body: bodies[index] ?? '', payment })
  })
  const { answers } = await sendAll({ port, requests, inFlight: DEPOSITS })
  demandStatus(answers, 200)
  return channels
}
