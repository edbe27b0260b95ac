import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchWorld, smallBody } from './bench-world.ts'
import { CHEAP_MODEL } from './bench-catalog.ts'
import { type PaidRequest, preparePaid } from './quotes.ts'
import { demandStatus, sendAll } from './wire.ts'

export type RpcSilence = {
  readonly calls: number
  /** JSON-RPC requests that reached the proxy while the calls ran. */
  readonly rpcRequests: number
  /** What the deposits before them took, per channel: the counter counts. */
  readonly perDeposit: number
  /** Which ones, should there be any. */
  readonly methods: readonly string[]
}

/** The settlement of the dev server looks once a second, and its look at the channels is a request: calls run between two looks. */
const BETWEEN_LOOKS_MS = 700
const QUIET_MS = 30
const PATIENCE_MS = 3_000
const BATCH = 50
const TRIES = 5

/** Waits until the settlement has just looked, or for three seconds where it asks the chain nothing. */
async function untilLooked({ rpc }: BenchWorld): Promise<void> {
  let lastMs: number | undefined
  rpc.setOverride(() => {
    lastMs = performance.now()
    return undefined
  })
  const startedMs = performance.now()
  const hasLooked = () => lastMs !== undefined && performance.now() - lastMs > QUIET_MS
  while (!hasLooked() && performance.now() - startedMs < PATIENCE_MS) await sleep(5)
  rpc.restore()
}

/** Counts what passes between server and chain while some calls are served; undefined where they took longer than a look is far. */
async function countBatch({ world, requests }: { world: BenchWorld; requests: readonly PaidRequest[] }) {
  await untilLooked(world)
  const { value, methods } = await world.rpc.count(() =>
    sendAll({ port: world.port, requests: requests.map(({ bytes }) => bytes), inFlight: 8 }),
  )
  demandStatus(value.answers, 200)
  return value.wallMs < BETWEEN_LOOKS_MS ? methods : undefined
}

/**
 * Counts RPC requests of voucher calls, between the settlement's own looks at the chain, which come with or without calls. The
 * channels are open, so there should be none.
 *
 * @throws Error where the proxy saw no deposit either, or the machine is too slow for a batch between two looks.
 */
export async function measureRpcSilence({
  world,
  calls,
}: {
  world: BenchWorld
  calls: number
}): Promise<RpcSilence> {
  const { port, channels, depositRpcRequests } = world
  if (depositRpcRequests === 0)
    throw new Error('The proxy saw no deposit: it does not stand before the chain.')
  const seen: string[] = []
  let counted = 0
  for (let tries = Math.ceil(calls / BATCH) + TRIES; counted < calls && tries > 0; tries -= 1) {
    const bodies = Array.from({ length: BATCH }, (_, index) => smallBody(CHEAP_MODEL, counted + index))
    const methods = await countBatch({ world, requests: await preparePaid({ port, bodies, channels }) })
    if (!methods) continue
    counted += BATCH
    seen.push(...methods)
  }
  if (counted < calls) throw new Error('Fifty calls take longer than a second: nothing can be counted.')
  return {
    calls: counted,
    rpcRequests: seen.length,
    perDeposit: depositRpcRequests / channels.length,
    methods: [...new Set(seen)],
  }
}
