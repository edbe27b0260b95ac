import { type BenchWorld, smallBody } from './bench-world.ts'
import { CHEAP_MODEL } from './bench-catalog.ts'
import { preparePaid } from './quotes.ts'
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

/** Counts what passes between server and chain while voucher calls are served. The channels are open, so nothing should. */
export async function measureRpcSilence({
  world: { port, channels, rpc, depositRpcRequests },
  calls,
}: {
  world: BenchWorld
  calls: number
}): Promise<RpcSilence> {
  const bodies = Array.from({ length: calls }, (_, index) => smallBody(CHEAP_MODEL, index))
  const prepared = await preparePaid({ port, bodies, channels })
  const { value, methods } = await rpc.count(() =>
    sendAll({ port, requests: prepared.map(({ bytes }) => bytes), inFlight: 8 }),
  )
  demandStatus(value.answers, 200)
  if (depositRpcRequests === 0)
    throw new Error('The proxy saw no deposit: it does not stand before the chain.')
  return {
    calls,
    rpcRequests: methods.length,
    perDeposit: depositRpcRequests / channels.length,
    methods: [...new Set(methods)],
  }
}
